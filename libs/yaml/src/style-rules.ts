/** Any line break of YAML 1.1, as `isBreak`. */
export const BREAK: RegExp = /[\r\n\u0085\u2028\u2029]/;

/** Where a line with something in it starts, of all lines of a text. */
export const LINE_START: RegExp = /(^|[\r\n\u0085\u2028\u2029])(?=[^\r\n\u0085\u2028\u2029])/g;

export const BREAK_THEN_SPACE: RegExp = /[\r\n\u0085\u2028\u2029] /;
export const SPACE_THEN_BREAK: RegExp = / [\r\n\u0085\u2028\u2029]/;

/** A space or a break at either end. */
export const EDGE: RegExp = /^[ \r\n\u0085\u2028\u2029]|[ \r\n\u0085\u2028\u2029]$/;

/** What go-yaml writes only behind a backslash; everything beyond the BMP is among it. */
export const UNPRINTABLE: RegExp = /[^\n\u0020-\u007e\u00a0-\ud7ff\ue000-\ufefe\uff00-\ufffd]/;

/** What go-yaml does not write as a block, in which a tab may stand. */
export const NO_BLOCK: RegExp = /[^\t\n\u0020-\u007e\u00a0-\ud7ff\ue000-\ufefe\uff00-\ufffd]| [\r\n\u0085\u2028\u2029]| $/;

/** Leading characters and sequences that mean something else in a block. */
export const BLOCK_INDICATOR: RegExp = /^(?:---|\.\.\.)|^[#,[\]{}&*!|>'"%@`]|^[?:-](?:[ \t]|$)|:(?:[ \t]|$)|[ \t\r\n\u0085\u2028\u2029]#/;

/** The same in a flow collection. */
export const FLOW_INDICATOR: RegExp = /^(?:---|\.\.\.)|^[#&*!|>'"%@`?]|^-(?:[ \t]|$)|[,?[\]{}:]|[ \t\r\n\u0085\u2028\u2029]#/;

/** A key of more UTF-8 bytes than this, or of many lines, is written after `? `. */
export const LONGEST_SIMPLE_KEY_BYTES = 128;
