// JSON whose integers may be of any size: what a double cannot hold arrives as a BigInt instead of being rounded.

export type Minor = number | bigint;

// A text, or a whole number of that many digits: not the digits of a fraction, nor of an exponent.
const LONG = /"(?:[^"\\]|\\.)*"|(?<![\d.eE+-])-?\d{16,}(?![\d.eE])/g;
const HAS_LONG = /\d{16,}/;
const BIG = "$big";

export function parseExact<T>(text: string): T {
  if (!HAS_LONG.test(text)) return JSON.parse(text) as T;
  const marked = text.replace(LONG, (found) => (found[0] === '"' ? found : `{"${BIG}":"${found}"}`));
  return JSON.parse(marked, (_, value) => (isMarked(value) ? smallest(BigInt(value[BIG])) : value)) as T;
}

export function big(value: Minor): bigint {
  return typeof value === "bigint" ? value : BigInt(value);
}

// Objects with BigInts in them, for showing: the digits stand as they came.
export function writeExact(value: unknown): string {
  const long: string[] = [];
  const text = JSON.stringify(
    value,
    (_, item) => {
      if (typeof item !== "bigint") return item as unknown;
      long.push(item.toString());
      return `${BIG}${long.length - 1}${BIG}`;
    },
    2,
  );
  return (text ?? "null").replace(/"\$big(\d+)\$big"/g, (_, index) => long[Number(index)] ?? "");
}

function isMarked(value: unknown): value is { [BIG]: string } {
  return typeof value === "object" && value !== null && BIG in value && typeof value[BIG] === "string";
}

function smallest(value: bigint): Minor {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value;
}
