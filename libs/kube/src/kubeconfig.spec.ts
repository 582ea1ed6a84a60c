import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { inClusterAccess } from "./in-cluster.ts";
import { parseKubeconfig, readKubeconfig } from "./kubeconfig.ts";

const folder = mkdtempSync(join(tmpdir(), "plumb-kubeconfig-"));
afterAll(() => rmSync(folder, { recursive: true }));

const PEM = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
const base64 = (text: string): string => Buffer.from(text).toString("base64");
const safe = { allowsInsecureTls: false } as const;

interface Parts {
  readonly cluster?: string;
  readonly user?: string;
  readonly current?: string;
}

/** A kubeconfig in flow style: the parts are what stands between the braces. */
function kubeconfig({ cluster = "", user = "token: t", current = "dev" }: Parts): string {
  return `apiVersion: v1
kind: Config
current-context: ${current}
contexts:
  - {name: dev, context: {cluster: c, user: u, namespace: apps}}
  - {name: other, context: {cluster: c, user: nobody}}
clusters:
  - {name: c, cluster: {server: "https://10.0.0.1:6443/prefix" ${cluster === "" ? "" : `, ${cluster}`}}}
users:
  - {name: u, user: {${user}}}
`;
}

function written(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

describe("a tenant's kubeconfig", () => {
  it("gives server, authority, credentials, identity and namespace", async () => {
    const text = kubeconfig({
      cluster: `certificate-authority-data: ${base64(PEM)}, tls-server-name: api.example.com`,
      user: "token: t, as: me, as-groups: [a, b]",
    });
    expect(await parseKubeconfig(text, "secret apps/kube", safe)).toEqual({
      namespace: "apps",
      access: {
        server: new URL("https://10.0.0.1:6443/prefix"),
        ca: PEM,
        serverName: "api.example.com",
        isTlsUnverified: false,
        clientCertificate: undefined,
        credential: { kind: "token", token: "t" },
        impersonate: { user: "me", groups: ["a", "b"] },
      },
    });
  });

  it.each([
    [
      "a client certificate",
      `client-certificate-data: ${base64(PEM)}, client-key-data: ${base64(PEM)}`,
      { clientCertificate: { certificate: PEM, key: PEM }, credential: { kind: "none" } },
    ],
    ["a name and password", "username: me, password: secret", { credential: { kind: "basic", username: "me", password: "secret" } }],
    ["a token beside a program, which is left out", "token: t, exec: {command: /bin/false}", { credential: { kind: "token", token: "t" } }],
  ])("takes %s", async (_, user, access) => {
    expect((await parseKubeconfig(kubeconfig({ user }), "x", safe)).access).toMatchObject(access);
  });

  it.each([
    ["a program", { user: "exec: {command: touch, args: [/tmp/owned]}" }, 'x: user "u" gets credentials by exec, which is not allowed'],
    [
      "a sign-in plugin",
      { user: "auth-provider: {name: gcp, config: {cmd-path: touch}}" },
      'x: user "u" gets credentials by auth-provider, which is not allowed',
    ],
    ["a token file", { user: "tokenFile: /etc/passwd" }, "x: tokenFile is not allowed"],
    ["a certificate file", { user: "client-certificate: /etc/passwd, client-key: /etc/passwd" }, "x: the file of client-certificate is not allowed"],
    ["an authority file", { cluster: "certificate-authority: /etc/passwd" }, "x: the file of certificate-authority is not allowed"],
    ["a proxy", { cluster: "proxy-url: http://169.254.169.254" }, "x: proxy-url is not allowed"],
    ["a certificate without its key", { user: `client-certificate-data: ${base64(PEM)}` }, "x: client-certificate and client-key go together"],
    ["an authority that is no PEM", { cluster: "certificate-authority-data: aGVsbG8=" }, "x: certificate-authority-data is not base64 of PEM"],
    ["a context that does not exist", { current: "none" }, 'x: context "none" does not exist'],
    ["no context", { current: '""' }, "x: no current context"],
    ["a user that does not exist", { current: "other" }, 'x: user "nobody" does not exist'],
  ])("refuses %s", async (_, parts: Parts, message) => {
    await expect(parseKubeconfig(kubeconfig(parts), "x", safe)).rejects.toMatchObject({ kind: "invalid", message });
  });

  it.each([
    ["no YAML, without showing it", "users: [secret-token\n  - : :", /^x: not YAML( \(line \d+\))?$/],
    ["a list", "[]", /^x: not a kubeconfig$/],
    ["nothing", "", /^x: not a kubeconfig$/],
    ["an empty map", "{}", /^x: no current context$/],
    ["a bomb of aliases", `a: &a [x, x]\nb: &b [${"*a, ".repeat(50)}]\nc: [${"*b, ".repeat(50)}]`, /^x: not YAML/],
    ["a cluster without server", "current-context: a\nclusters: [{name: c, cluster: {}}]", /^x: clusters\[0\]\.cluster\.server is missing$/],
    ["an entry that is no map", "current-context: a\nclusters: [null]", /^x: /],
    ["a server that is no address", kubeconfig({}).replace("https://10.0.0.1:6443/prefix", "not a url"), /^x: server "not a url" is not a URL$/],
  ])("refuses %s", async (_, text, message) => {
    await expect(parseKubeconfig(text, "x", safe)).rejects.toMatchObject({ kind: "invalid", message: expect.stringMatching(message) });
  });

  it("checks the certificate whatever it says, unless that is allowed", async () => {
    const text = kubeconfig({ cluster: "insecure-skip-tls-verify: true" });
    expect((await parseKubeconfig(text, "x", safe)).access.isTlsUnverified).toBe(false);
    expect((await parseKubeconfig(text, "x", { allowsInsecureTls: true })).access.isTlsUnverified).toBe(true);
  });
});

describe("the operator's kubeconfig", () => {
  it("reads the files it names, from its own folder, and leaves the token's to be read again", async () => {
    written("ca.pem", PEM);
    const path = written("config", kubeconfig({ cluster: "certificate-authority: ca.pem", user: "tokenFile: sub/token" }));
    expect((await readKubeconfig(path, safe)).access).toMatchObject({ ca: PEM, credential: { kind: "token-file", path: join(folder, "sub", "token") } });
  });

  it("leaves a client certificate's files to be read again", async () => {
    written("both.pem", PEM);
    const path = written("certified", kubeconfig({ user: "client-certificate: both.pem, client-key: both.pem" }));
    const file = join(folder, "both.pem");
    expect((await readKubeconfig(path, safe)).access.clientCertificate).toEqual({ certificate: PEM, key: PEM, files: { certificate: file, key: file } });
  });

  it("names a proxy, whose password goes into a header", async () => {
    const path = written("proxied", kubeconfig({ cluster: "proxy-url: http://me:secret@proxy:3128" }));
    expect((await readKubeconfig(path, safe)).access.proxy).toEqual({ url: new URL("http://proxy:3128"), authorization: "Basic bWU6c2VjcmV0" });
  });

  it.each([
    ["socks5://proxy:1080", 'proxy-url: proxy scheme "socks5" is not supported: use http or https'],
    ["http://", 'proxy-url: proxy address "http://" is not a URL'],
  ])("is refused for the proxy %s, with what would do", async (proxy, why) => {
    const path = written("socks", kubeconfig({ cluster: `proxy-url: "${proxy}"` }));
    await expect(readKubeconfig(path, safe)).rejects.toMatchObject({ kind: "invalid", message: `kubeconfig ${path}: ${why}` });
  });

  it("is refused where its current context names a user that it has not", async () => {
    const path = written("contexts", kubeconfig({ current: "other" }));
    await expect(readKubeconfig(path, safe)).rejects.toThrow('user "nobody" does not exist');
  });

  it.each([
    ["missing", join(folder, "absent"), `kubeconfig ${join(folder, "absent")}: no such file`],
    ["invalid", folder, `kubeconfig ${folder}: is a directory`],
    ["invalid", "/dev/zero", "kubeconfig /dev/zero: larger than 1048576 bytes"],
  ])("that is %s is named with its path", async (kind, path, message) => {
    await expect(readKubeconfig(path, safe)).rejects.toMatchObject({ kind, message });
  });

  it("names a file that it names and that is missing", async () => {
    const path = written("half", kubeconfig({ cluster: "certificate-authority: absent.pem" }));
    await expect(readKubeconfig(path, safe)).rejects.toMatchObject({
      kind: "missing",
      message: `kubeconfig ${path}: certificate-authority ${join(folder, "absent.pem")}: no such file`,
    });
  });
});

describe("a Pod's own access", () => {
  it("comes from its service account", async () => {
    const account = join(folder, "account");
    mkdirSync(account);
    writeFileSync(join(account, "token"), "t");
    writeFileSync(join(account, "namespace"), "flux-system");
    writeFileSync(join(account, "ca.crt"), PEM);
    expect(await inClusterAccess({ host: "fd00::1", port: "443", folder: account })).toEqual({
      namespace: "flux-system",
      access: { server: new URL("https://[fd00::1]:443"), ca: PEM, credential: { kind: "token-file", path: join(account, "token") } },
    });
  });

  it("is missing elsewhere", async () => {
    await expect(inClusterAccess({ host: undefined, port: undefined })).rejects.toMatchObject({
      kind: "missing",
      message: expect.stringContaining("neither a kubeconfig nor"),
    });
    await expect(inClusterAccess({ host: "10.0.0.1", port: "443", folder: join(folder, "absent") })).rejects.toThrow(
      `service account token ${join(folder, "absent", "token")}: no such file`,
    );
  });
});
