/** Raised when a program that reads the preview's document has to change. */
export const documentVersion = 1;
