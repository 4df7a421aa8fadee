// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// The program says something that no program of this version says.
error BadProgram();

enum OperatorClass {
    Input,
    Constant,
    Reshape,
    Map,
    Quantise,
    Dequantise,
    Contract,
    Sum,
    Maximum,
    ScatterAdd
}

/// @notice Elements, and how they lie in a tensor's leaves: whole atoms of so many bytes.
struct TensorType {
    uint256 dtype;
    uint256[] shape;
}

/// @notice An operator's leaf of the program, as a contract reads it.
struct Operator {
    OperatorClass class;
    TensorType output;
    /// Numbers and types of the operators that it reads.
    uint256[] inputs;
    TensorType[] types;
    /// Root of a constant, or SHA-256 of a map's code.
    bytes32 hash;
    bool isFixed;
    uint256 from;
    uint256 to;
    /// Of an input: in the first run, and in later ones.
    Source[2] sources;
}

enum SourceKind {
    Operator,
    State,
    Constant,
    Position,
    Batch
}

/// @notice Where a tensor comes from that no operator of the run computes; or for a slot, which operator does.
struct Source {
    SourceKind kind;
    /// The operator; the state; the counter of a position.
    uint256 number;
    /// Whose update.
    uint256 of_;
    uint256 slot;
    uint256 slots;
    bytes prefix;
    /// Root of a constant, or SHA-256 of a batch's code.
    bytes32 hash;
    BatchOperand[] operands;
}

enum OperandKind {
    Data,
    Position,
    Constant
}

struct BatchOperand {
    OperandKind kind;
    uint256 dtype;
    uint256 elements;
    bytes prefix;
    bytes32 root;
}

/// @title The judged part of program leaves. SPEC: docs/spec/program.md "Judged bytes".
library ProgramLeaves {
    uint256 internal constant F32 = 0;
    uint256 internal constant I32 = 1;
    uint256 internal constant MX8 = 2;
    uint256 internal constant MX12 = 3;
    uint256 private constant U8 = 4;
    uint256 private constant U16 = 5;
    uint256 private constant U32 = 6;

    uint256 private constant OPERATOR_LEAF = 1;
    uint256 private constant SLOT_LEAF = 2;
    uint256 internal constant LEAF_BYTES = 4096;
    uint256 internal constant BLOCK = 32;

    struct Reader {
        uint256 cursor;
        uint256 end;
    }

    /// @notice Reads an operator's leaf.
    function readOperator(bytes memory leaf) internal pure returns (Operator memory o) {
        Reader memory r = _judged(leaf);
        if (_read(r, 1) != OPERATOR_LEAF) revert BadProgram();
        o.class = OperatorClass(_read(r, 1));
        o.output = _type(r);
        uint256 count = _read(r, 2);
        (o.inputs, o.types) = (new uint256[](count), new TensorType[](count));
        for (uint256 i = 0; i < count; i++) {
            o.inputs[i] = _read(r, 4);
            o.types[i] = _type(r);
        }
        if (o.class == OperatorClass.Constant || o.class == OperatorClass.Map) o.hash = _hash(r);
        else if (o.class == OperatorClass.Quantise) o.isFixed = _read(r, 1) == 1;
        else if (o.class == OperatorClass.Sum || o.class == OperatorClass.Maximum) (o.from, o.to) = (_read(r, 1), _read(r, 1));
        else if (o.class == OperatorClass.Input) (o.sources[0], o.sources[1]) = (_source(r), _source(r));
    }

    /// @notice Reads a slot's leaf: the state leaf up to its root, and where the tensor comes from.
    function readSlot(bytes memory leaf) internal pure returns (bytes memory prefix, Source memory source) {
        Reader memory r = _judged(leaf);
        if (_read(r, 1) != SLOT_LEAF) revert BadProgram();
        (prefix, source) = (_bytes(r, _read(r, 2)), _source(r));
    }

    /// @notice Bytes of an element, or of a quantised block.
    function atomBytes(uint256 dtype) internal pure returns (uint256) {
        if (dtype == MX8) return 33;
        if (dtype == MX12) return 66;
        if (dtype == U8) return 1;
        if (dtype == U16) return 2;
        if (dtype > U32) revert BadProgram();
        return 4;
    }

    function atomsPerLeaf(uint256 dtype) internal pure returns (uint256) {
        return LEAF_BYTES / atomBytes(dtype);
    }

    /// @notice Elements of a tensor; blocks of a quantised one.
    function atomCount(TensorType memory t) internal pure returns (uint256 count) {
        uint256 last = t.shape[t.shape.length - 1];
        count = t.dtype == MX8 || t.dtype == MX12 ? (last + BLOCK - 1) / BLOCK : last;
        for (uint256 i = 0; i + 1 < t.shape.length; i++) count *= t.shape[i];
    }

    function leafCount(uint256 dtype, uint256 atoms) internal pure returns (uint256) {
        uint256 most = atomsPerLeaf(dtype);
        return (atoms + most - 1) / most;
    }

    function isQuantised(TensorType memory t) internal pure returns (bool) {
        return t.dtype == MX8 || t.dtype == MX12;
    }

    function _judged(bytes memory leaf) private pure returns (Reader memory r) {
        assembly ("memory-safe") {
            mstore(r, add(leaf, 32))
            mstore(add(r, 32), add(add(leaf, 32), mload(leaf)))
        }
        uint256 length = _read(r, 2);
        if (r.cursor + length > r.end) revert BadProgram();
        r.end = r.cursor + length;
    }

    function _type(Reader memory r) private pure returns (TensorType memory t) {
        t.dtype = _read(r, 1);
        uint256 rank = _read(r, 1);
        if (rank == 0) revert BadProgram();
        t.shape = new uint256[](rank);
        for (uint256 i = 0; i < rank; i++) t.shape[i] = _read(r, 4);
    }

    function _source(Reader memory r) private pure returns (Source memory s) {
        s.kind = SourceKind(_read(r, 1));
        if (s.kind == SourceKind.Operator) {
            s.number = _read(r, 4);
        } else if (s.kind == SourceKind.State) {
            (s.number, s.of_, s.slot, s.slots) = (_read(r, 1), _read(r, 2), _read(r, 4), _read(r, 4));
            s.prefix = _bytes(r, _read(r, 2));
        } else if (s.kind == SourceKind.Constant) {
            s.hash = _hash(r);
        } else if (s.kind == SourceKind.Position) {
            s.number = _read(r, 1);
        } else {
            s.hash = _hash(r);
            s.operands = new BatchOperand[](_read(r, 1));
            for (uint256 i = 0; i < s.operands.length; i++) s.operands[i] = _operand(r);
        }
    }

    function _operand(Reader memory r) private pure returns (BatchOperand memory o) {
        (o.kind, o.dtype, o.elements) = (OperandKind(_read(r, 1)), _read(r, 1), _read(r, 4));
        if (o.kind == OperandKind.Data) o.prefix = _bytes(r, _read(r, 2));
        else if (o.kind == OperandKind.Constant) o.root = _hash(r);
    }

    function _hash(Reader memory r) private pure returns (bytes32) {
        return bytes32(_read(r, 32));
    }

    /// @dev Big-endian.
    function _read(Reader memory r, uint256 size) private pure returns (uint256 value) {
        uint256 cursor = r.cursor;
        if (cursor + size > r.end) revert BadProgram();
        r.cursor = cursor + size;
        assembly ("memory-safe") {
            value := shr(sub(256, mul(8, size)), mload(cursor))
        }
    }

    function _bytes(Reader memory r, uint256 length) private pure returns (bytes memory copy) {
        uint256 cursor = r.cursor;
        if (cursor + length > r.end) revert BadProgram();
        r.cursor = cursor + length;
        copy = new bytes(length);
        assembly ("memory-safe") {
            mcopy(add(copy, 32), cursor, length)
        }
    }
}
