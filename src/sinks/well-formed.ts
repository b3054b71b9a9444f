/** Half a surrogate pair is no character: encoders throw at it. */
export const wellFormed = (text: string): string => text.replace(/\p{Surrogate}/gu, '\ufffd');
