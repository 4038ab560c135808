export interface CsvRecord {
  /** Line of the file on which the record starts, counted from 1. */
  readonly line: number;
  readonly fields: readonly string[];
}

/** Splits CSV text into records: quoted fields may hold commas, doubled quotes and line breaks. Blank lines are skipped. */
export function parseCsv(text: string): CsvRecord[] {
  const records: CsvRecord[] = [];
  let fields: string[] = [];
  let field = '';
  let isQuoted = false;
  let line = 1;
  let startLine = 1;
  const endRecord = (): void => {
    const ended = field.endsWith('\r') ? field.slice(0, -1) : field;
    if (fields.length > 0 || ended !== '') records.push({ line: startLine, fields: [...fields, ended] });
    fields = [];
    field = '';
    startLine = line;
  };
  for (let index = text.startsWith('\uFEFF') ? 1 : 0; index < text.length; index++) {
    const character = text.charAt(index);
    if (character === '\n') line++;
    if (isQuoted) {
      if (character !== '"') field += character;
      else if (text.charAt(index + 1) === '"') {
        field += '"';
        index++;
      } else isQuoted = false;
    } else if (character === '"' && field === '') isQuoted = true;
    else if (character === ',') {
      fields.push(field);
      field = '';
    } else if (character === '\n') endRecord();
    else field += character;
  }
  endRecord();
  return records;
}
