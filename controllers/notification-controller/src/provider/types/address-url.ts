import { ToolkitError } from "@plumb/std";

/** The address of a Provider as a URL. @throws {ToolkitError} `invalid`, without the address, which may be a secret */
export function addressUrl(address: string): URL {
  if (address === "") throw new ToolkitError("invalid", "address cannot be empty");
  const url = URL.parse(address);
  if (url === null || url.hostname === "") throw new ToolkitError("invalid", "address is not a URL");
  if (url.protocol !== "http:" && url.protocol !== "https:")
    throw new ToolkitError("invalid", `address has the scheme "${url.protocol.slice(0, -1)}", which is neither http nor https`);
  return url;
}
