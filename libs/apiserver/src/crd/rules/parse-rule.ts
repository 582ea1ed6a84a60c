/** An expression of CEL, as far as rules in definitions use it. */
export type Expression =
  | { readonly kind: "literal"; readonly value: null | boolean | number | bigint | string }
  | { readonly kind: "name"; readonly name: string }
  | { readonly kind: "member"; readonly of: Expression; readonly name: string }
  | { readonly kind: "index"; readonly of: Expression; readonly at: Expression }
  | { readonly kind: "call"; readonly of: Expression | undefined; readonly name: string; readonly args: readonly Expression[] }
  | { readonly kind: "unary"; readonly operator: "!" | "-"; readonly of: Expression }
  | { readonly kind: "binary"; readonly operator: string; readonly left: Expression; readonly right: Expression }
  | { readonly kind: "choice"; readonly when: Expression; readonly yes: Expression; readonly no: Expression }
  | { readonly kind: "list"; readonly items: readonly Expression[] }
  | { readonly kind: "map"; readonly entries: readonly (readonly [Expression, Expression])[] };

interface Token {
  readonly kind: "number" | "text" | "name" | "sign" | "end";
  readonly text: string;
  readonly at: number;
}

const SPACE = /(?:\s|\/\/[^\n]*)*/y;
const NUMBER = /(?:0x[0-9a-fA-F]+u?|\d+\.\d+(?:[eE][-+]?\d+)?|\d+[eE][-+]?\d+|\d+u?)/y;
const TEXT = /[rR]?(?:'''[\s\S]*?'''|"""[\s\S]*?"""|'(?:\\.|[^'\\\n])*'|"(?:\\.|[^"\\\n])*")/y;
const NAME = /[A-Za-z_][A-Za-z0-9_]*/y;
const SIGN = /\|\||&&|==|!=|<=|>=|[-+*/%<>!?:.,()[\]{}]/y;

const PRECEDENCE: Readonly<Record<string, number>> = {
  "||": 1,
  "&&": 2,
  "==": 3,
  "!=": 3,
  "<": 3,
  "<=": 3,
  ">": 3,
  ">=": 3,
  in: 3,
  "+": 4,
  "-": 4,
  "*": 5,
  "/": 5,
  "%": 5,
};

/** @throws {SyntaxError} with the place */
export function parseRule(text: string): Expression {
  const parser = new Parser(tokenize(text), text);
  return parser.whole();
}

function tokenize(text: string): readonly Token[] {
  const tokens: Token[] = [];
  let at = 0;
  for (;;) {
    SPACE.lastIndex = at;
    at += SPACE.exec(text)?.[0].length ?? 0;
    if (at >= text.length) return [...tokens, { kind: "end", text: "", at }];
    const token = nextToken(text, at);
    tokens.push(token);
    at += token.text.length;
  }
}

function nextToken(text: string, at: number): Token {
  for (const [kind, pattern] of [
    ["text", TEXT],
    ["number", NUMBER],
    ["name", NAME],
    ["sign", SIGN],
  ] as const) {
    pattern.lastIndex = at;
    const match = pattern.exec(text);
    if (match !== null) return { kind, text: match[0], at };
  }
  throw new SyntaxError(`<input>:1:${at + 1}: Syntax error: token recognition error at: '${text[at] ?? ""}'`);
}

const MAX_DEPTH = 100;

class Parser {
  readonly #tokens: readonly Token[];
  readonly #text: string;
  #at = 0;
  #depth = 0;

  constructor(tokens: readonly Token[], text: string) {
    this.#tokens = tokens;
    this.#text = text;
  }

  whole(): Expression {
    const expression = this.#choice();
    if (this.#peek().kind !== "end") throw this.#unexpected();
    return expression;
  }

  #peek(): Token {
    return this.#tokens[this.#at] ?? { kind: "end", text: "", at: this.#text.length };
  }

  #take(): Token {
    const token = this.#peek();
    this.#at += 1;
    return token;
  }

  #eat(sign: string): boolean {
    const token = this.#peek();
    if (token.kind !== "sign" || token.text !== sign) return false;
    this.#at += 1;
    return true;
  }

  #expect(sign: string): void {
    if (!this.#eat(sign)) throw this.#unexpected();
  }

  #unexpected(): SyntaxError {
    const { at, text } = this.#peek();
    return new SyntaxError(`<input>:1:${at + 1}: Syntax error: mismatched input '${text === "" ? "<EOF>" : text}'`);
  }

  #choice(): Expression {
    if (++this.#depth > MAX_DEPTH) throw new SyntaxError("expression recursion limit exceeded");
    const when = this.#binary(0);
    const result: Expression = this.#eat("?") ? this.#branches(when) : when;
    this.#depth -= 1;
    return result;
  }

  #branches(when: Expression): Expression {
    const yes = this.#choice();
    this.#expect(":");
    return { kind: "choice", when, yes, no: this.#choice() };
  }

  #binary(least: number): Expression {
    let left = this.#unary();
    for (;;) {
      const { kind, text } = this.#peek();
      const precedence = kind === "sign" || text === "in" ? (PRECEDENCE[text] ?? 0) : 0;
      if (precedence === 0 || precedence <= least) return left;
      this.#take();
      left = { kind: "binary", operator: text, left, right: this.#binary(precedence) };
    }
  }

  #unary(): Expression {
    if (this.#eat("!")) return { kind: "unary", operator: "!", of: this.#unary() };
    if (this.#eat("-")) return { kind: "unary", operator: "-", of: this.#unary() };
    return this.#postfix(this.#primary());
  }

  #postfix(start: Expression): Expression {
    let expression = start;
    for (;;) {
      if (this.#eat(".")) {
        const { kind, text } = this.#take();
        if (kind !== "name") throw this.#unexpected();
        expression = this.#eat("(") ? { kind: "call", of: expression, name: text, args: this.#list(")") } : { kind: "member", of: expression, name: text };
      } else if (this.#eat("[")) {
        const at = this.#choice();
        this.#expect("]");
        expression = { kind: "index", of: expression, at };
      } else return expression;
    }
  }

  #primary(): Expression {
    const token = this.#peek();
    if (this.#eat("(")) {
      const inner = this.#choice();
      this.#expect(")");
      return inner;
    }
    if (this.#eat("[")) return { kind: "list", items: this.#list("]") };
    if (this.#eat("{")) return this.#map();
    this.#take();
    switch (token.kind) {
      case "number":
        return { kind: "literal", value: numberOf(token.text) };
      case "text":
        return { kind: "literal", value: textOf(token.text) };
      case "name":
        return this.#named(token.text);
      default:
        this.#at -= 1;
        throw this.#unexpected();
    }
  }

  #named(name: string): Expression {
    if (name === "true" || name === "false") return { kind: "literal", value: name === "true" };
    if (name === "null") return { kind: "literal", value: null };
    return this.#eat("(") ? { kind: "call", of: undefined, name, args: this.#list(")") } : { kind: "name", name };
  }

  #list(end: string): readonly Expression[] {
    const items: Expression[] = [];
    while (!this.#eat(end)) {
      items.push(this.#choice());
      if (!this.#eat(",")) {
        this.#expect(end);
        break;
      }
    }
    return items;
  }

  #map(): Expression {
    const entries: (readonly [Expression, Expression])[] = [];
    while (!this.#eat("}")) {
      const key = this.#choice();
      this.#expect(":");
      entries.push([key, this.#choice()]);
      if (!this.#eat(",")) {
        this.#expect("}");
        break;
      }
    }
    return { kind: "map", entries };
  }
}

function numberOf(text: string): number {
  return Number(text.replace(/u$/, ""));
}

const ESCAPES: Readonly<Record<string, string>> = { n: "\n", t: "\t", r: "\r", b: "\b", f: "\f", v: "\v", a: "\u0007" };

function textOf(token: string): string {
  const isRaw = /^[rR]/.test(token);
  const quoted = isRaw ? token.slice(1) : token;
  const width = quoted.startsWith("'''") || quoted.startsWith('"""') ? 3 : 1;
  const inner = quoted.slice(width, -width);
  if (isRaw) return inner;
  return inner.replaceAll(
    /\\(?:u([0-9a-fA-F]{4})|x([0-9a-fA-F]{2})|(.))/gs,
    (_, long: string | undefined, short: string | undefined, one: string | undefined) => {
      const code = long ?? short;
      return code === undefined ? (ESCAPES[one ?? ""] ?? one ?? "") : String.fromCharCode(Number.parseInt(code, 16));
    },
  );
}
