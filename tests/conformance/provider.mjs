// An identity provider as teams have one: `oidc-provider`, with access tokens that are JWTs for a resource (RFC 8707).
// Arguments: the resource, the algorithm of its tokens, and the path of the issuer. It prints the issuer.

import { generateKeyPairSync } from "node:crypto";
import { createServer } from "node:http";
import { errors, Provider } from "oidc-provider";

const [resource, algorithm, path] = process.argv.slice(2);
const kinds = { RS256: ["rsa", { modulusLength: 2048 }], ES256: ["ec", { namedCurve: "P-256" }] };

function key(alg) {
  const jwk = generateKeyPairSync(...kinds[alg]).privateKey.export({ format: "jwk" });
  return { ...jwk, alg, kid: `of-${alg}`, use: "sig" };
}

function answering(issuer) {
  const provider = new Provider(issuer, {
    jwks: { keys: Object.keys(kinds).map(key) },
    scopes: ["openid", "offline_access", "evals:read", "evals:write"],
    clientDefaults: { token_endpoint_auth_method: "none" },
    findAccount: (_, id) => ({ accountId: id, claims: () => ({ sub: id }) }),
    extraTokenClaims: (_, token) => ({ email: `${token.accountId}@team.example` }),
    features: {
      registration: { enabled: true },
      devInteractions: { enabled: true },
      resourceIndicators: {
        enabled: true,
        getResourceServerInfo: (_, asked) => {
          if (asked !== resource) throw new errors.InvalidTarget();
          const jwt = { sign: { alg: algorithm } };
          return { scope: "evals:read evals:write", audience: resource, accessTokenFormat: "jwt", jwt };
        },
      },
    },
  });
  return provider.callback();
}

const server = createServer((request, response) => {
  if (!request.url.startsWith(`${path}/`)) {
    response.writeHead(404).end();
    return;
  }
  request.originalUrl = request.url;
  request.url = request.url.slice(path.length);
  answer(request, response);
});
let answer;
server.listen(0, "127.0.0.1", () => {
  const issuer = `http://127.0.0.1:${server.address().port}${path}`;
  answer = answering(issuer);
  console.log(issuer);
});
