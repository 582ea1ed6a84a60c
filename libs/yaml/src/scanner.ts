import { STYLE } from "./node.ts";
import { scanBlockScalar, scanPlain, scanQuoted } from "./scan-scalar.ts";
import { scanDirective, scanName, scanTag } from "./scan-property.ts";
import { END, codeAt, isBlank, isBlankOrEnd, isBreak } from "./characters.ts";
import type { PlainTexts } from "./plain-texts.ts";
import { SimpleKeys, type SimpleKey } from "./simple-keys.ts";
import { SyntaxProblem } from "./syntax-error.ts";
import { TokenQueue } from "./token-queue.ts";
import { TOKEN, type Token, type TokenKind } from "./token.ts";

/**
 * Turns text into tokens as libyaml does, on which Go's YAML rests: indentation opens and closes blocks, a `:` makes the token
 * before it a key. Holds at any time the tokens that are not yet taken and the position behind them.
 */
export class Scanner {
  readonly text: string;
  position = 0;
  line = 0;
  /** Position at which the line starts; the column is counted from there. */
  lineStart = 0;
  /** Column of the innermost block; -1 outside all. */
  indent = -1;
  flowLevel = 0;
  readonly #indents: number[] = [];
  readonly #keys: SimpleKeys = new SimpleKeys(this);
  readonly #queue = new TokenQueue();
  #taken = 0;
  #hasEnded = false;
  /** On which the last token began. */
  #lastTokenLine = -1;
  /** Comments behind a token that look like JSON, by their line: they may hold a schema. */
  readonly comments: Map<number, string> = new Map<number, string>();

  /** Shared by the documents of a file. */
  readonly plainTexts: PlainTexts;
  readonly #maxLength: number;
  readonly #lookAhead: number;

  /**
   * @param maxLength characters of one scalar, name or tag
   * @param lookAhead tokens that are read beyond the next one; what is wrong in them is refused before what the parser finds
   */
  constructor(text: string, plainTexts: PlainTexts, maxLength: number, lookAhead: number) {
    this.text = text;
    this.plainTexts = plainTexts;
    this.#maxLength = maxLength;
    this.#lookAhead = lookAhead;
  }

  get column(): number {
    return this.position - this.lineStart;
  }

  /** The next token; it may change when another is asked for. */
  peek(): Token {
    const queue = this.#queue;
    while (!this.#hasEnded && (queue.length <= this.#lookAhead || this.#keys.mayBeKey(this.#taken))) this.#fetch();
    const token = queue.first;
    if (token === undefined) throw this.problem("did not find expected content");
    return token;
  }

  /** The next token, taken; it may change when another is asked for. */
  take(): Token {
    const token = this.peek();
    this.#queue.shift();
    this.#taken++;
    return token;
  }

  /** An error of the scanner. @param at where what is wrong began; the present position when left out */
  problem(message: string, at: { readonly line: number } = this): SyntaxProblem {
    // Version 3 of go-yaml, which looks ahead, names the line on which it began, version 2 the one that does not fit.
    const shown = at.line !== 0 && this.#lookAhead > 0 ? at.line : this.line;
    return new SyntaxProblem(message, shown === 0 ? 0 : shown + 1, this.line, this.column);
  }

  /** Lets a key follow what is being read. */
  allowKey(): void {
    this.#keys.isAllowed = true;
  }

  code(offset = 0): number {
    return codeAt(this.text, this.position + offset);
  }

  /** Passes a line break; CR LF is one. */
  skipBreak(): void {
    this.position += this.code() === 13 && this.code(1) === 10 ? 2 : 1;
    this.line++;
    this.lineStart = this.position;
  }

  /** True at `---` or `...` at the start of a line. */
  atDocumentIndicator(): boolean {
    if (this.position !== this.lineStart) return false;
    const code = this.code();
    return (code === 0x2d || code === 0x2e) && this.code(1) === code && this.code(2) === code && isBlankOrEnd(this.code(3));
  }

  /** Refuses what is longer than anything that Kubernetes holds. */
  refuseLong(length: number): void {
    if (length > this.#maxLength) throw this.problem(`document has a text of more than ${this.#maxLength} characters (limit maxObjectLength)`);
  }

  #push(kind: TokenKind, line: number, column: number, value = "", suffix = "", style = 0): void {
    this.refuseLong(value.length);
    this.#lastTokenLine = line;
    this.#queue.push(kind, line, column, value, suffix, style);
  }

  #insert(kind: TokenKind, { tokenNumber, line, column }: SimpleKey): void {
    this.#queue.insert(tokenNumber - this.#taken, kind, line, column);
  }

  #fetch(): void {
    this.#skipToToken();
    this.#unroll(this.column);
    const code = this.code();
    if (code === END) return this.#endStream();
    if (this.position === this.lineStart) {
      if (code === 0x25) return this.#fetchDirective();
      if (this.atDocumentIndicator()) return this.#fetchDocumentIndicator(code === 0x2d ? TOKEN.documentStart : TOKEN.documentEnd);
    }
    this.#fetchContent(code);
  }

  #fetchContent(code: number): void {
    const isInFlow = this.flowLevel > 0;
    switch (code) {
      case 0x5b:
        return this.#openFlow(TOKEN.flowSequenceStart);
      case 0x7b:
        return this.#openFlow(TOKEN.flowMappingStart);
      case 0x5d:
        return this.#closeFlow(TOKEN.flowSequenceEnd);
      case 0x7d:
        return this.#closeFlow(TOKEN.flowMappingEnd);
      case 0x2c:
        this.#keys.drop();
        this.#keys.isAllowed = true;
        return this.#pushIndicator(TOKEN.flowEntry);
      case 0x2d:
        return isBlankOrEnd(this.code(1)) ? this.#fetchBlockEntry() : this.#fetchPlain();
      case 0x3f:
        return isInFlow || isBlankOrEnd(this.code(1)) ? this.#fetchKey() : this.#fetchPlain();
      case 0x3a:
        return isInFlow || isBlankOrEnd(this.code(1)) ? this.#fetchValue() : this.#fetchPlain();
      case 0x2a:
        return this.#fetchName(TOKEN.alias);
      case 0x26:
        return this.#fetchName(TOKEN.anchor);
      case 0x21:
        return this.#fetchTag();
      case 0x7c:
      case 0x3e:
        if (!isInFlow) return this.#fetchBlockScalar(code === 0x7c);
        break;
      case 0x27:
      case 0x22:
        return this.#fetchQuoted(code === 0x27);
      case 0x23:
      case 0x25:
      case 0x40:
      case 0x60:
      case 9:
        break;
      default:
        return this.#fetchPlain();
    }
    throw this.problem("found character that cannot start any token");
  }

  #skipToToken(): void {
    for (;;) {
      // Only at the start of the text; anywhere else it is a character like others.
      if (this.position === 0 && this.code() === 0xfeff) this.lineStart = ++this.position;
      let code = this.code();
      while (code === 0x20 || (code === 9 && (this.flowLevel > 0 || !this.#keys.isAllowed))) {
        this.position++;
        code = this.code();
      }
      if (code === 0x23) this.#skipComment();
      if (!isBreak(this.code())) return;
      this.skipBreak();
      if (this.flowLevel === 0) this.#keys.isAllowed = true;
    }
  }

  #skipComment(): void {
    const start = this.position;
    this.skipToBreak();
    if (this.#lastTokenLine === this.line && /^#+\s*\{/.test(this.text.slice(start, start + 16)))
      this.comments.set(this.line, this.text.slice(start, this.position).replace(/^#+/, ""));
  }

  /** Goes to the end of the line. */
  skipToBreak(): void {
    const { text } = this;
    let at = this.position;
    while (at < text.length && !isBreak(text.charCodeAt(at))) at++;
    this.position = at;
  }

  /** Closes the blocks that end at a column. */
  #unroll(column: number): void {
    if (this.flowLevel > 0) return;
    while (this.indent > column) {
      this.#push(TOKEN.blockEnd, this.line, this.column);
      this.indent = this.#indents.pop() ?? -1;
    }
  }

  /** Opens a block when the column is further in. @returns true when it did */
  #roll(column: number): boolean {
    if (this.flowLevel > 0 || this.indent >= column) return false;
    this.#indents.push(this.indent);
    this.indent = column;
    return true;
  }

  /** Remembers that the next token may be a key. */
  #saveKey(): void {
    this.#keys.save(this.#taken + this.#queue.length, this.flowLevel === 0 && this.indent === this.column);
  }

  #endStream(): void {
    this.#unroll(-1);
    this.#keys.drop();
    this.#keys.isAllowed = false;
    this.#push(TOKEN.streamEnd, this.line, this.column);
    this.#hasEnded = true;
  }

  #fetchDirective(): void {
    this.#unroll(-1);
    this.#keys.drop();
    this.#keys.isAllowed = false;
    const { line, column } = this;
    const { value, suffix } = scanDirective(this);
    this.#push(TOKEN.directive, line, column, value, suffix);
  }

  #fetchDocumentIndicator(kind: TokenKind): void {
    this.#unroll(-1);
    this.#keys.drop();
    this.#keys.isAllowed = false;
    this.#push(kind, this.line, this.column);
    this.position += 3;
  }

  #pushIndicator(kind: TokenKind): void {
    this.#push(kind, this.line, this.column);
    this.position++;
  }

  #openFlow(kind: TokenKind): void {
    this.#saveKey();
    this.#keys.openFlow();
    this.flowLevel++;
    this.#keys.isAllowed = true;
    this.#pushIndicator(kind);
  }

  #closeFlow(kind: TokenKind): void {
    this.#keys.drop();
    if (this.flowLevel > 0) {
      this.flowLevel--;
      this.#keys.closeFlow();
    }
    this.#keys.isAllowed = false;
    this.#pushIndicator(kind);
  }

  #fetchBlockEntry(): void {
    if (this.flowLevel === 0) {
      if (!this.#keys.isAllowed) throw this.problem("block sequence entries are not allowed in this context");
      if (this.#roll(this.column)) this.#push(TOKEN.blockSequenceStart, this.line, this.column);
    }
    this.#keys.drop();
    this.#keys.isAllowed = true;
    this.#pushIndicator(TOKEN.blockEntry);
  }

  #fetchKey(): void {
    if (this.flowLevel === 0) {
      if (!this.#keys.isAllowed) throw this.problem("mapping keys are not allowed in this context");
      if (this.#roll(this.column)) this.#push(TOKEN.blockMappingStart, this.line, this.column);
    }
    this.#keys.drop();
    this.#keys.isAllowed = this.flowLevel === 0;
    this.#pushIndicator(TOKEN.key);
  }

  #fetchValue(): void {
    const key = this.#keys.take();
    if (key !== undefined) {
      this.#insert(TOKEN.key, key);
      if (this.#roll(key.column)) this.#insert(TOKEN.blockMappingStart, key);
      this.#keys.isAllowed = false;
    } else {
      if (this.flowLevel === 0) {
        if (!this.#keys.isAllowed) throw this.problem("mapping values are not allowed in this context");
        if (this.#roll(this.column)) this.#push(TOKEN.blockMappingStart, this.line, this.column);
      }
      this.#keys.isAllowed = this.flowLevel === 0;
    }
    this.#pushIndicator(TOKEN.value);
  }

  #fetchName(kind: TokenKind): void {
    this.#saveKey();
    this.#keys.isAllowed = false;
    const { line, column } = this;
    this.#push(kind, line, column, scanName(this));
  }

  #fetchTag(): void {
    this.#saveKey();
    this.#keys.isAllowed = false;
    const { line, column } = this;
    const { value, suffix } = scanTag(this);
    this.#push(TOKEN.tag, line, column, value, suffix);
  }

  #fetchBlockScalar(isLiteral: boolean): void {
    this.#keys.drop();
    this.#keys.isAllowed = true;
    const { line, column } = this;
    this.#push(TOKEN.scalar, line, column, scanBlockScalar(this, isLiteral), "!!str", isLiteral ? STYLE.literal : STYLE.folded);
  }

  #fetchQuoted(isSingle: boolean): void {
    this.#saveKey();
    this.#keys.isAllowed = false;
    const { line, column } = this;
    this.#push(TOKEN.scalar, line, column, scanQuoted(this, isSingle), "!!str", isSingle ? STYLE.singleQuoted : STYLE.doubleQuoted);
  }

  #fetchPlain(): void {
    const code = this.code();
    if (code === 0x2d && isBlank(this.code(1))) throw this.problem("found character that cannot start any token");
    this.#saveKey();
    this.#keys.isAllowed = false;
    const { line, column } = this;
    const { value, tag } = scanPlain(this);
    this.#push(TOKEN.scalar, line, column, value, tag);
  }
}
