/** An error answer: the message for people, the rest for programs. */
export class HttpError extends Error {
  override readonly name = "HttpError";
  readonly status: number;
  readonly detail: Readonly<Record<string, unknown>>;
  readonly headers: Readonly<Record<string, string>>;
  constructor(
    status: number,
    message: string,
    detail: Readonly<Record<string, unknown>> = {},
    headers: Readonly<Record<string, string>> = {},
  ) {
    super(message);
    this.status = status;
    this.detail = detail;
    this.headers = headers;
  }
}

/** A 400 for a parameter that cannot be parsed. */
export const badParameter = (
  route: string,
  parameter: string,
  rule: string,
  value?: unknown,
): HttpError =>
  new HttpError(
    400,
    `Cannot read parameter '${parameter}' of '${route}': ${rule}${value === undefined ? "" : `: got ${JSON.stringify(value).slice(0, 80)}`}`,
    { route, parameter, rule, ...(value === undefined ? {} : { value }) },
  );
