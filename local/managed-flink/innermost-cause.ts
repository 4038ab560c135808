/** What a Java stack trace, or a log that ends with one, gives as its last cause; else its last lines. */
export const innermostCause = (text: string): string => {
  const lines = text.trimEnd().split('\n');
  const cause = lines.findLast((line) => line.startsWith('Caused by: '))?.replace('Caused by: ', '');
  return cause ?? lines.slice(-5).join('\n');
};
