import { plainReason, reasonOf } from "../runtime/failure.js";

/** What keeps a connection from being made, by the code or text of the error, where Node or OpenSSL would say it their way. */
const REASONS: readonly (readonly [RegExp, string])[] = [
  [
    /WRONG_VERSION_NUMBER|wrong version number|PACKET_LENGTH|packet length|HTTP_REQUEST|http request/i,
    "answers, but not with TLS: is it www's instead of www-ssl's?",
  ],
  [
    /^HPE_/,
    "answers, but not with HTTP: is it the port of www, or of www-ssl with scheme https?",
  ],
  [
    /HANDSHAKE_FAILURE|handshake failure|NO_SHARED_CIPHER/i,
    "agrees on no TLS: has its www-ssl service a certificate?",
  ],
  [
    /UNSUPPORTED_PROTOCOL|PROTOCOL_VERSION|protocol version/i,
    "speaks no TLS version that this host accepts",
  ],
  [/^ERR_OSSL_PEM|PEM routines/, "cannot be trusted: ca_file must be PEM"],
  [/^(ERR_SSL_|ERR_OSSL_|EPROTO$)/, "breaks off TLS"],
];

/** What went wrong with a connection to a port, in words. */
export function connectionReason(error: unknown, port: number): string {
  const { code = "" } = error as NodeJS.ErrnoException;
  const [, words] =
    REASONS.find(
      ([pattern]) =>
        pattern.test(code) ||
        (code === "EPROTO" && pattern.test(reasonOf(error))),
    ) ?? [];
  if (words !== undefined) return `port ${port} ${words}`;
  return code === "ECONNREFUSED"
    ? `nothing listens at port ${port} (${code})`
    : plainReason(error);
}
