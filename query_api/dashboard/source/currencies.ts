// ISO 4217 currencies whose minor unit is not a hundredth, by decimal places. A test compares them with the contracts.
const SCALES: Record<number, string> = {
  0: "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF",
  3: "BHD IQD JOD KWD LYD OMR TND",
  4: "CLF UYW",
};
const SCALE_MOST_HAVE = 2;

const known = new Map<string, number>();
for (const [scale, codes] of Object.entries(SCALES))
  for (const code of codes.split(" ")) known.set(code, Number(scale));

export function scaleOf(currency: string): number {
  return known.get(currency) ?? SCALE_MOST_HAVE;
}

// What an answer says of a currency counts more than the table: assets of one's own have scales of their own.
export function learnScale(currency: string, scale: number): void {
  known.set(currency, scale);
}
