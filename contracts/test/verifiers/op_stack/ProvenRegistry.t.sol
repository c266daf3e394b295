// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {Test} from "forge-std/Test.sol";

import {StateProof} from "../../../src/libraries/StateProof.sol";
import {ProofError} from "../../../src/libraries/Trie.sol";
import {PinnedProxy} from "../../../src/verifiers/PinnedProxy.sol";
import {ProvenRegistry} from "../../../src/verifiers/op_stack/ProvenRegistry.sol";
import {RegistryRule} from "../../../src/verifiers/op_stack/RegistryRule.sol";
import {WithdrawalRule} from "../../../src/verifiers/op_stack/WithdrawalRule.sol";

/// @notice Games that Optimism's own AnchorStateRegistry 3.5.0 judges, proven at each station of their life
/// (tests/vectors/proofs/registry.json).
contract ProvenRegistryTest is Test {
    struct RegistryStation {
        string error;
        bytes32 l1StateRoot;
        uint256 l1Timestamp;
        string live;
        string name;
        uint256 number;
        bytes proof;
        string proven;
        bytes32 stateRoot;
        uint256 valid;
    }

    string private constant TYPE = "RegistryStation(string error,bytes32 l1StateRoot,uint256 l1Timestamp,string live,string name,uint256 number,"
        "bytes proof,string proven,bytes32 stateRoot,uint256 valid)";

    RegistryStation[] private stations;
    ProvenRegistry private rule;

    function setUp() public {
        string memory json = vm.readFile("../tests/vectors/proofs/registry.json");
        RegistryStation[] memory read = abi.decode(vm.parseJsonTypeArray(json, ".stations", TYPE), (RegistryStation[]));
        for (uint256 i; i < read.length; ++i) {
            stations.push(read[i]);
        }
        rule = new ProvenRegistry(_pins());
    }

    function test_settled_saysWhatItMustAtEveryStation() public {
        uint256 accepted;
        for (uint256 i; i < stations.length; ++i) {
            RegistryStation memory s = stations[i];
            (bool done, bytes memory answer) = address(this).call(abi.encodeCall(this.settled, (s)));
            if (bytes(s.error).length != 0) {
                assertFalse(done, s.name);
                assertEq(bytes4(answer), _selector(s.error), s.name);
                continue;
            }
            assertTrue(done, s.name);
            (uint64 number, bytes32 stateRoot) = abi.decode(answer, (uint64, bytes32));
            assertEq(number, s.number, s.name);
            assertEq(stateRoot, s.stateRoot, s.name);
            ++accepted;
        }
        assertEq(accepted, 7);
        assertEq(stations.length, 22);
    }

    /// @dev Whatever is settled here is valid to the registry, and the call said the same, at every station whose code
    /// and registry are the pinned ones.
    function test_settled_agreesWithTheCallAndTheRegistry() public view {
        for (uint256 i; i < stations.length; ++i) {
            RegistryStation memory s = stations[i];
            if (_is(s.error, "Upgraded") || _is(s.error, "NotThisGame") || _is(s.error, "NotThisRegistry")) continue;
            assertEq(s.live, s.error, s.name);
            assertEq(s.proven, s.error, s.name);
            assertEq(s.valid == 1, bytes(s.error).length == 0, s.name);
        }
    }

    /// @dev The attack: the portal was migrated without an upgrade, nobody watches the old registry's games any more,
    /// and to it a false one stays valid for good.
    function test_settled_refusesARegistryThatThePortalHasLeft() public {
        RegistryStation memory s = _named("portal migrated");
        assertEq(s.valid, 1);
        address another = address(bytes20(keccak256("another registry")));
        vm.expectRevert(
            abi.encodeWithSelector(
                ProvenRegistry.NotThisRegistry.selector, bytes32(uint256(uint160(another))), rule.registry()
            )
        );
        this.settled(s);
    }

    /// @dev The clock is the L1 block's: by this chain's own, a game would outlive a blacklisting that the block does
    /// not show.
    function test_settled_agesAGameByItsOwnBlockOnly() public {
        RegistryStation memory s = _named("in the air gap");
        vm.warp(s.l1Timestamp + 365 days);
        vm.expectPartialRevert(WithdrawalRule.NotYetSettled.selector);
        this.settled(s);
        s.l1Timestamp += 365 days;
        this.settled(s);
    }

    function test_settled_refusesTheStateOfAnotherBlock() public {
        RegistryStation memory s = _named("settled");
        s.l1StateRoot = _named("blacklisted").l1StateRoot;
        vm.expectRevert(abi.encodeWithSelector(StateProof.InvalidProof.selector, ProofError.WRONG_NODE));
        this.settled(s);
    }

    function test_settled_refusesWhenAPinIsAnother() public {
        RegistryStation memory s = _named("settled");
        for (uint256 i; i < 9; ++i) {
            ProvenRegistry.Pins memory pins = _pins();
            if (i == 0) pins.portal = address(1);
            if (i == 1) pins.factory = address(1);
            if (i == 2) pins.registry = address(1);
            if (i == 3) pins.superchainConfig = address(1);
            if (i == 4) pins.portalImplementation = address(1);
            if (i == 5) pins.factoryImplementation = address(1);
            if (i == 6) pins.registryImplementation = address(1);
            if (i == 7) pins.superchainConfigImplementation = address(1);
            if (i == 8) pins.gameImplementation = address(1);
            rule = new ProvenRegistry(pins);
            vm.expectPartialRevert(
                i < 4
                    ? StateProof.InvalidProof.selector
                    : i < 8 ? PinnedProxy.Upgraded.selector : ProvenRegistry.NotThisGame.selector
            );
            this.settled(s);
        }
    }

    function test_settled_waitsForTheLongerDelay() public {
        RegistryStation memory s = _named("settled");
        ProvenRegistry.Pins memory pins = _pins();
        pins.finalityDelay = 365 days;
        rule = new ProvenRegistry(pins);
        vm.expectPartialRevert(WithdrawalRule.NotYetSettled.selector);
        this.settled(s);
        (pins.finalityDelay, pins.proofMaturityDelay) = (0, 365 days);
        rule = new ProvenRegistry(pins);
        vm.expectPartialRevert(WithdrawalRule.NotYetSettled.selector);
        this.settled(s);
    }

    /// @custom:invariant A changed proof settles nothing.
    function testFuzz_settled_refusesAChange(uint256 seed, uint8 bit) public {
        RegistryStation memory s = _named("settled");
        s.proof[seed % s.proof.length] ^= bytes1(uint8(1 << (bit % 8)));
        vm.expectRevert();
        this.settled(s);
    }

    function test_settled_refusesACutOrExtendedProof() public {
        RegistryStation memory s = _named("settled");
        bytes memory proof = s.proof;
        s.proof = bytes.concat(proof, hex"00");
        vm.expectRevert(abi.encodeWithSelector(StateProof.InvalidProof.selector, ProofError.SPARE_BYTES));
        this.settled(s);
        s.proof = "";
        vm.expectRevert(abi.encodeWithSelector(StateProof.InvalidProof.selector, ProofError.CUT_SHORT));
        this.settled(s);
    }

    function settled(RegistryStation memory s) external view returns (uint64, bytes32) {
        return rule.settled(s.l1StateRoot, uint64(s.l1Timestamp), s.proof);
    }

    function _pins() private view returns (ProvenRegistry.Pins memory pins) {
        string memory json = vm.readFile("../tests/vectors/proofs/registry.json");
        pins.portal = vm.parseJsonAddress(json, ".pins.portal");
        pins.portalImplementation = vm.parseJsonAddress(json, ".pins.portalImplementation");
        pins.factory = vm.parseJsonAddress(json, ".pins.factory");
        pins.factoryImplementation = vm.parseJsonAddress(json, ".pins.factoryImplementation");
        pins.registry = vm.parseJsonAddress(json, ".pins.registry");
        pins.registryImplementation = vm.parseJsonAddress(json, ".pins.registryImplementation");
        pins.superchainConfig = vm.parseJsonAddress(json, ".pins.superchainConfig");
        pins.superchainConfigImplementation = vm.parseJsonAddress(json, ".pins.superchainConfigImplementation");
        pins.gameImplementation = vm.parseJsonAddress(json, ".pins.gameImplementation");
        pins.pauseIdentifier = vm.parseJsonAddress(json, ".pins.pauseIdentifier");
        pins.finalityDelay = uint64(vm.parseJsonUint(json, ".pins.finalityDelay"));
        pins.proofMaturityDelay = uint64(vm.parseJsonUint(json, ".pins.proofMaturityDelay"));
    }

    function _named(string memory name) private view returns (RegistryStation memory) {
        for (uint256 i; i < stations.length; ++i) {
            if (_is(stations[i].name, name)) return stations[i];
        }
        revert(name);
    }

    function _is(string memory a, string memory b) private pure returns (bool) {
        return keccak256(bytes(a)) == keccak256(bytes(b));
    }

    function _selector(string memory refusal) private pure returns (bytes4) {
        if (_is(refusal, "NotDefended")) return WithdrawalRule.NotDefended.selector;
        if (_is(refusal, "NotYetSettled")) return WithdrawalRule.NotYetSettled.selector;
        if (_is(refusal, "Paused")) return WithdrawalRule.Paused.selector;
        if (_is(refusal, "Blacklisted")) return WithdrawalRule.Blacklisted.selector;
        if (_is(refusal, "Retired")) return WithdrawalRule.Retired.selector;
        if (_is(refusal, "Upgraded")) return PinnedProxy.Upgraded.selector;
        if (_is(refusal, "NotThisRegistry")) return ProvenRegistry.NotThisRegistry.selector;
        if (_is(refusal, "NotThisGame")) return ProvenRegistry.NotThisGame.selector;
        if (_is(refusal, "NotRespectedWhenCreated")) return RegistryRule.NotRespectedWhenCreated.selector;
        revert(refusal);
    }
}
