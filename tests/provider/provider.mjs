// A real OpenID provider for the tests: panva's oidc-provider on loopback, told what to be by PROVIDER (JSON).
//   port, clients, accounts {login: claims}, jwks (private keys), claims_in_id_token,
//   proofs {login: {amr, acr}}: by what this person signs in
// It prints "ready" when it listens. It ends when its standard input does: with the test that started it.
import Provider from 'oidc-provider';

const wanted = JSON.parse(process.env.PROVIDER);
const issuer = `http://127.0.0.1:${wanted.port}`;

const provider = new Provider(issuer, {
  clients: wanted.clients,
  jwks: wanted.jwks,
  claims: {
    openid: ['sub', 'acr', 'amr'],
    profile: ['name'],
    email: ['email', 'email_verified'],
    groups: ['groups'],
  },
  acrValues: ['one-factor', 'two-factors'],
  scopes: ['openid', 'profile', 'email', 'groups', 'offline_access'],
  conformIdTokenClaims: !wanted.claims_in_id_token,
  cookies: { keys: ['of no worth: this provider lives as long as a test'] },
  pkce: { required: () => true },
  features: {
    devInteractions: { enabled: true },
    backchannelLogout: { enabled: true },
    rpInitiatedLogout: { enabled: true },
  },
  // The provider asks nobody on loopback by itself, and the gate under test is there
  fetch: (url, { dispatcher, ...options }) => globalThis.fetch(url, options),
  findAccount(_context, sub) {
    const claims = wanted.accounts[sub];
    return claims && { accountId: sub, claims: () => ({ sub, ...claims }) };
  },
});

const finish = provider.interactionFinished.bind(provider);
provider.interactionFinished = (request, response, result, options) => {
  const { login } = result;
  const proven = login ? { ...result, login: { ...login, ...wanted.proofs?.[login.accountId] } } : result;
  return finish(request, response, proven, options);
};

provider.on('backchannel.error', (_context, error) => console.log(error));
process.stdin.resume();
process.stdin.on('end', () => process.exit(0));
provider.listen(wanted.port, '127.0.0.1', () => console.log('ready'));
