// Prints, as JSON, what the packages of viem, @eth-optimism/sdk and @arbitrum/sdk say of networks.
// Only the modules that hold plain data are evaluated, each alone: what they import is put in by name.
const { readFileSync } = require("node:fs");
const [viem, optimism, arbitrum] = process.argv.slice(2);

function values(file, given, names) {
  const text = readFileSync(file, "utf8")
    .replace(/^import .*$/gm, "")
    .replace(/^export const/gm, "const");
  return new Function(...Object.keys(given), `${text}\nreturn { ${names.join(", ")} };`)(...Object.values(given));
}

const defineChain = (chain) => chain;
const { contracts } = values(`${viem}/_esm/op-stack/contracts.js`, {}, ["contracts"]);
const opChain = (name) =>
  values(`${viem}/_esm/chains/definitions/${name}.js`, { defineChain, chainConfig: { contracts } }, [name])[name];
const plainChain = (name) =>
  values(`${viem}/_esm/chains/definitions/${name}.js`, { defineChain, chainConfig: {} }, [name])[name];

// CommonJS with imports of ethers that the data does not need.
function between(file, first, last) {
  const text = readFileSync(file, "utf8");
  return text.slice(text.indexOf(first), text.indexOf(last));
}
const networks = new Function(
  between(`${arbitrum}/dist/lib/dataEntities/networks.js`, "const mainnetTokenBridge", "/**\n * Determines if") +
    "return networks;",
)();
const arbitrumExports = {};
new Function("exports", between(`${arbitrum}/dist/lib/dataEntities/constants.js`, "exports.NODE_INTERFACE", "//# source"))(
  arbitrumExports,
);

// Base stands in the table itself, Optimism by the network's name in a list before it.
const listed = readFileSync(`${optimism}/dist/utils/chain-constants.js`, "utf8");
const after = (mark, name) => listed.slice(listed.indexOf(mark)).match(new RegExp(`${name}: '(0x[0-9a-fA-F]{40})'`))[1];
const messengers = {
  10: after("const l1CrossDomainMessengerAddresses", "mainnet"),
  11155420: after("const l1CrossDomainMessengerAddresses", "sepolia"),
  8453: after("L2ChainID.BASE_MAINNET]: {\n        l1", "L1CrossDomainMessenger"),
  84532: after("L2ChainID.BASE_SEPOLIA]: {\n        l1", "L1CrossDomainMessenger"),
};

console.log(
  JSON.stringify({
    op: ["optimism", "optimismSepolia", "base", "baseSepolia"].map(opChain),
    plain: ["mainnet", "sepolia", "arbitrum", "arbitrumNova", "arbitrumSepolia", "zksync", "zksyncSepoliaTestnet"].map(
      plainChain,
    ),
    zksync: values(`${viem}/_esm/zksync/constants/address.js`, {}, [
      "l1MessengerAddress",
      "l2BaseTokenAddress",
      "bootloaderFormalAddress",
      "l2AssetRouterAddress",
      "l2NativeTokenVaultAddress",
    ]),
    arbitrum: Object.values(networks),
    arbitrumPrecompiles: arbitrumExports,
    messengers,
  }),
);
