// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {Test} from "forge-std/Test.sol";

import {Packed} from "../../src/libraries/Packed.sol";
import {StateProof} from "../../src/libraries/StateProof.sol";
import {ProofError} from "../../src/libraries/Trie.sol";
import {OutputRoot} from "../../src/verifiers/op_stack/OutputRoot.sol";
import {PinnedProxy} from "../../src/verifiers/PinnedProxy.sol";
import {ProvenOutputs} from "../../src/verifiers/op_stack/ProvenOutputs.sol";
import {WithdrawalRule} from "../../src/verifiers/op_stack/WithdrawalRule.sol";

/// @notice The rule without the list's length: what believes a deleted output.
contract Careless {
    function outputRoot(bytes32 anchorRoot, address oracle, address implementation, bytes calldata proof)
        external
        pure
        returns (bytes32 claimed, bytes32 stored)
    {
        (uint256 index, bytes calldata rest) = Packed.number(proof, 8);
        (claimed,, rest) = OutputRoot.read(rest);
        bytes32 root;
        (root, rest) = PinnedProxy.storageRoot(anchorRoot, oracle, implementation, rest);
        (, rest) = StateProof.slot(root, bytes32(uint256(3)), rest);
        (stored,) = StateProof.slot(root, bytes32(uint256(keccak256(abi.encode(3))) + 2 * index), rest);
    }
}

/// @notice Outputs of Optimism's own L2OutputOracle, proposed, deleted and proposed anew.
contract ProvenOutputsTest is Test {
    struct OutputStation {
        string error;
        uint256 l1Timestamp;
        bytes32 l1StateRoot;
        string name;
        uint256 number;
        address oracle;
        address oracleImplementation;
        address portal;
        address portalImplementation;
        bytes proof;
        bytes32 stateRoot;
        address superchainConfig;
        address superchainConfigImplementation;
    }

    string private constant TYPE = "OutputStation(string error,uint256 l1Timestamp,bytes32 l1StateRoot,string name,uint256 number,"
        "address oracle,address oracleImplementation,address portal,address portalImplementation,bytes proof,"
        "bytes32 stateRoot,address superchainConfig,address superchainConfigImplementation)";

    OutputStation[] private stations;
    ProvenOutputs private rule;

    function setUp() public {
        string memory json = vm.readFile("../tests/vectors/proofs/outputs.json");
        OutputStation[] memory read = abi.decode(vm.parseJsonTypeArray(json, "$", TYPE), (OutputStation[]));
        for (uint256 i; i < read.length; ++i) {
            stations.push(read[i]);
        }
        rule = new ProvenOutputs(_pins());
    }

    function test_settled_saysWhatItMustAtEveryStation() public {
        uint256 accepted;
        for (uint256 i; i < stations.length; ++i) {
            OutputStation memory s = stations[i];
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
        assertEq(accepted, 6);
        assertEq(stations.length, 15);
    }

    /// @dev The attack: the challenger has deleted a false output, but it still stands in storage, and it has come of
    /// age there.
    function test_settled_refusesADeletedOutputThatStandsInStorage() public {
        OutputStation memory s = _named("deleted, and its period over");
        (bytes32 claimed, bytes32 stored) =
            new Careless().outputRoot(s.l1StateRoot, s.oracle, s.oracleImplementation, s.proof);
        assertEq(stored, claimed, "without the length it would pass");
        vm.expectRevert(abi.encodeWithSelector(ProvenOutputs.Deleted.selector, 1, 1));
        this.settled(s);
    }

    /// @dev The attack: the rollup has moved on to dispute games, the old oracle goes on as it was, and nobody deletes
    /// what its proposer says there.
    function test_settled_refusesAnOracleThatThePortalHasLeft() public {
        OutputStation memory s = _named("portal upgraded to games");
        vm.expectPartialRevert(PinnedProxy.Upgraded.selector);
        this.settled(s);
        s = _named("portal given another oracle");
        vm.expectPartialRevert(ProvenOutputs.NotThisOracle.selector);
        this.settled(s);
    }

    /// @dev The period runs by the L1 block's clock: by another, an output outlives a deletion that the block does not
    /// show.
    function test_settled_agesAnOutputByItsOwnBlockOnly() public {
        OutputStation memory s = _named("young");
        vm.warp(s.l1Timestamp + 365 days);
        vm.expectPartialRevert(WithdrawalRule.NotYetSettled.selector);
        this.settled(s);
        s.l1Timestamp += 365 days;
        this.settled(s);
    }

    function test_settled_refusesWhenAPinIsAnother() public {
        OutputStation memory s = _named("settled");
        for (uint256 i; i < 6; ++i) {
            ProvenOutputs.Pins memory pins = _pins();
            if (i == 0) pins.oracle = address(1);
            if (i == 1) pins.oracleImplementation = address(1);
            if (i == 2) pins.superchainConfig = address(1);
            if (i == 3) pins.superchainConfigImplementation = address(1);
            if (i == 4) pins.portal = address(1);
            if (i == 5) pins.portalImplementation = address(1);
            rule = new ProvenOutputs(pins);
            vm.expectPartialRevert(i % 2 == 0 ? StateProof.InvalidProof.selector : PinnedProxy.Upgraded.selector);
            this.settled(s);
        }
    }

    /// @custom:invariant A changed proof settles nothing.
    function testFuzz_settled_refusesAChange(uint256 seed, uint8 bit) public {
        OutputStation memory s = _named("settled");
        s.proof[seed % s.proof.length] ^= bytes1(uint8(1 << (bit % 8)));
        vm.expectRevert();
        this.settled(s);
    }

    function test_settled_refusesACutOrExtendedProof() public {
        OutputStation memory s = _named("settled");
        bytes memory proof = s.proof;
        s.proof = bytes.concat(proof, hex"00");
        vm.expectRevert(abi.encodeWithSelector(StateProof.InvalidProof.selector, ProofError.SPARE_BYTES));
        this.settled(s);
        s.proof = "";
        vm.expectRevert(abi.encodeWithSelector(StateProof.InvalidProof.selector, ProofError.CUT_SHORT));
        this.settled(s);
    }

    function settled(OutputStation memory s) external view returns (uint64, bytes32) {
        return rule.settled(s.l1StateRoot, uint64(s.l1Timestamp), s.proof);
    }

    function _pins() private view returns (ProvenOutputs.Pins memory) {
        OutputStation memory s = stations[0];
        return ProvenOutputs.Pins({
            oracle: s.oracle,
            oracleImplementation: s.oracleImplementation,
            superchainConfig: s.superchainConfig,
            superchainConfigImplementation: s.superchainConfigImplementation,
            portal: s.portal,
            portalImplementation: s.portalImplementation
        });
    }

    function _named(string memory name) private view returns (OutputStation memory) {
        for (uint256 i; i < stations.length; ++i) {
            if (keccak256(bytes(stations[i].name)) == keccak256(bytes(name))) return stations[i];
        }
        revert(name);
    }

    function _selector(string memory refusal) private pure returns (bytes4) {
        bytes32 name = keccak256(bytes(refusal));
        if (name == keccak256("NotYetSettled")) return WithdrawalRule.NotYetSettled.selector;
        if (name == keccak256("Paused")) return WithdrawalRule.Paused.selector;
        if (name == keccak256("Upgraded")) return PinnedProxy.Upgraded.selector;
        if (name == keccak256("Deleted")) return ProvenOutputs.Deleted.selector;
        if (name == keccak256("NotThisOracle")) return ProvenOutputs.NotThisOracle.selector;
        if (name == keccak256("NotThisOutput")) return ProvenOutputs.NotThisOutput.selector;
        revert(refusal);
    }
}
