// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Blocks} from "../referee/Blocks.sol";
import {Element, ElementCode, Opening as OpenLeaf, Operand} from "../referee/ElementCode.sol";
import {SoftFloat} from "../referee/SoftFloat.sol";
import {DIVERGED} from "../Works.sol";
import {Judge} from "./GameRules.sol";
import {
    Disputed,
    OperandOpening,
    Opening,
    OperatorFacts,
    Proof,
    ProofKind,
    RootOpening,
    Subject
} from "./GameTypes.sol";
import {Merkle} from "./Merkle.sol";
import {
    BatchOperand,
    OperandKind,
    Operator,
    OperatorClass,
    ProgramLeaves,
    Source,
    SourceKind,
    TensorType
} from "./ProgramLeaves.sol";
import {Addend, AddendKind, SumOrder} from "./SumOrder.sol";

/// @title The referee: opens what a proof brings, and computes one element, block or partial result itself.
/// @notice Everything is read from the program and from roots that both sides agree on or that the defender showed. SPEC:
/// docs/spec/referee.md. A proof that shows nothing gives false, or reverts.
contract Referee is Judge {
    using ProgramLeaves for bytes;
    using ProgramLeaves for TensorType;

    uint256 private constant PARTIALS_PER_LEAF = 1024;
    bytes private constant FLAGGED = hex"01";

    /// @dev What a proof is judged against, and what the program says of the operator.
    struct Case {
        Subject s;
        Disputed d;
        Operator o;
    }

    /// @inheritdoc Judge
    function operatorFacts(Subject calldata s, uint32 operator, Opening calldata leaf)
        external
        pure
        returns (bool known, OperatorFacts memory f)
    {
        if (!_isProgramLeaf(s, s.firstOperator + operator, leaf)) return (false, f);
        Operator memory o = leaf.content.readOperator();
        uint256 atoms = o.output.atomCount();
        f.elements = uint32(atoms);
        f.leaves = uint32(ProgramLeaves.leafCount(o.output.dtype, atoms));
        f.perLeaf = uint32(ProgramLeaves.atomsPerLeaf(o.output.dtype));
        f.partials = uint32(_partialCount(o));
        f.partialsPerLeaf = uint32(PARTIALS_PER_LEAF);
        f.isCopy = o.class == OperatorClass.Constant || o.class == OperatorClass.Reshape
            || (o.class == OperatorClass.Input && o.sources[0].kind != SourceKind.Batch);
        return (true, f);
    }

    /// @inheritdoc Judge
    function judge(Subject calldata s, Disputed calldata d, Proof calldata p) external pure returns (bool) {
        Case memory c;
        (c.s, c.d) = (s, d);
        if (p.kind == ProofKind.Flag) return _judgeFlag(c, p.claimed);
        if (p.kind == ProofKind.Slot) return _judgeSlot(c, p);
        if (!_isProgramLeaf(c.s, c.s.firstOperator + c.d.operator, p.program)) return false;
        c.o = p.program.content.readOperator();
        if (p.kind == ProofKind.Root) return _judgeRoot(c, p.source);
        if (p.kind == ProofKind.Partial) return _judgePartial(c, p);
        if (p.kind == ProofKind.Value) return _judgeValue(c, p);
        // Once a defender has named an element that left the domain, only that element is in question.
        if (c.d.isFlagged ? c.d.partialRoot != 0 : c.d.tensorRoot == 0) return false;
        return p.kind == ProofKind.Index ? _judgeIndex(c, p) : _judgeElement(c, p);
    }

    /// @dev An operator after a flagged one, or an end that does not say what the flags say.
    function _judgeFlag(Case memory c, Opening calldata leaf) private pure returns (bool) {
        if (!Merkle.isAt(c.d.operatorTree, c.s.operators, leaf.index, Merkle.leafHash(leaf.content), leaf.path)) return false;
        bool isFlagged = keccak256(leaf.content) == keccak256(FLAGGED);
        if (isFlagged && uint256(leaf.index) + 1 == c.d.operator) {
            return c.d.isFlagged ? c.d.partialRoot == 0 : c.d.tensorRoot != 0;
        }
        return !c.d.isFlagged && uint256(leaf.index) + 1 == c.s.operators && isFlagged != (c.d.end == DIVERGED);
    }

    /// @dev A leaf of an end that is not the state's leaf with the tensor's true root.
    function _judgeSlot(Case memory c, Proof calldata p) private pure returns (bool) {
        // Only while slots are in question: a leaf of a tensor is none of them.
        if (c.d.tensorRoot != 0 || c.d.isFlagged) return false;
        if (c.d.leafHash == 0 || p.place >= c.s.targets[c.d.target].slots) return false;
        if (!_isProgramLeaf(c.s, c.s.targets[c.d.target].firstSlot + p.place, p.program)) return false;
        (bytes memory prefix, Source memory source) = p.program.content.readSlot();
        (bool known, bytes32 root) = _sourceRoot(c, p.source, source);
        return known && Merkle.leafHash(abi.encodePacked(prefix, root)) != c.d.leafHash;
    }

    /// @dev A tensor that is copied, with another root than what it is copied from.
    function _judgeRoot(Case memory c, RootOpening calldata opening)
        private
        pure
        returns (bool)
    {
        if (c.d.tensorRoot == 0) return false;
        if (c.o.class == OperatorClass.Constant) return c.o.hash != c.d.tensorRoot;
        if (c.o.class == OperatorClass.Reshape) {
            return _isOperatorRoot(c, c.o.inputs[0], opening) && opening.root != c.d.tensorRoot;
        }
        if (c.o.class != OperatorClass.Input) return false;
        (bool known, bytes32 root) = _sourceRoot(c, opening, _sourceOf(c));
        return known && root != c.d.tensorRoot;
    }

    function _judgeElement(Case memory c, Proof calldata p)
        private
        pure
        returns (bool)
    {
        if (p.place >= c.o.output.atomCount()) return false;
        (bytes memory atom, bool diverged) = _atomOf(c, p);
        if (c.d.isFlagged || diverged) return diverged;
        (bool shown, bytes memory claimed) = _claimedAtom(c, p);
        return shown && keccak256(claimed) != keccak256(atom);
    }

    /// @dev Computes one element or block as it stands in the tensor's bytes.
    function _atomOf(Case memory c, Proof calldata p)
        private
        pure
        returns (bytes memory, bool diverged)
    {
        if (c.o.class == OperatorClass.Input && _sourceOf(c).kind != SourceKind.Batch) return _inputAtom(c, p);
        if (c.o.class == OperatorClass.Map || c.o.class == OperatorClass.Input) return _mapElement(c, p);
        _requireOperands(c, p);
        if (c.o.class == OperatorClass.Quantise) return _quantisedBlock(c, p);
        if (c.o.class != OperatorClass.Dequantise) revert OpeningsDoNotFit();
        uint256 length = _last(c.o.output);
        uint256 perRow = (length + ProgramLeaves.BLOCK - 1) / ProgramLeaves.BLOCK;
        uint256 column = p.place % length;
        uint256 block_ = p.place / length * perRow + column / ProgramLeaves.BLOCK;
        bytes memory mantissas = _readAtom(c, p, 0, block_);
        return (_littleEndian(Blocks.dequantise(mantissas, column % ProgramLeaves.BLOCK)), false);
    }

    /// @dev What an input copies. One that no operator writes leaves the domain: it comes from a stranger.
    function _inputAtom(Case memory c, Proof calldata p) private pure returns (bytes memory atom, bool diverged) {
        (bool known, bytes32 root) = _sourceRoot(c, p.source, _sourceOf(c));
        if (!known || p.operands.length != 1 || p.operands[0].input != 0) revert OpeningsDoNotFit();
        TensorType memory t = c.o.output;
        uint256 perLeaf = ProgramLeaves.atomsPerLeaf(t.dtype);
        Opening calldata leaf = p.operands[0].leaf;
        if (leaf.index != p.place / perLeaf) revert OpeningsDoNotFit();
        _requireLeaf(root, ProgramLeaves.leafCount(t.dtype, t.atomCount()), leaf);
        uint256 size = ProgramLeaves.atomBytes(t.dtype);
        atom = _slice(leaf.content, p.place % perLeaf * size, size);
        if (atom.length != size) revert OpeningsDoNotFit();
        if (t.dtype == ProgramLeaves.I32) return (atom, false);
        if (t.dtype == ProgramLeaves.F32) {
            (uint256 bits, bool large) = SoftFloat.canon(_word(atom));
            return (atom, large || bits != _word(atom));
        }
        uint256 length = _last(t);
        uint256 begin = p.place % ((length + ProgramLeaves.BLOCK - 1) / ProgramLeaves.BLOCK) * ProgramLeaves.BLOCK;
        return (atom, !Blocks.isAdmissible(atom, length - begin));
    }

    function _quantisedBlock(Case memory c, Proof calldata p)
        private
        pure
        returns (bytes memory, bool)
    {
        uint256 length = _last(c.o.output);
        uint256 perRow = (length + ProgramLeaves.BLOCK - 1) / ProgramLeaves.BLOCK;
        uint256 begin = p.place % perRow * ProgramLeaves.BLOCK;
        uint256 row = p.place / perRow * length;
        uint256[32] memory x;
        for (uint256 i = 0; i < ProgramLeaves.BLOCK && begin + i < length; i++) {
            x[i] = _word(_readAtom(c, p, 0, row + begin + i));
        }
        return Blocks.quantise(x, c.o.output.dtype == ProgramLeaves.MX12, c.o.isFixed);
    }

    function _mapElement(Case memory c, Proof calldata p)
        private
        pure
        returns (bytes memory, bool diverged)
    {
        Element memory e;
        bytes32 codeHash = c.o.hash;
        if (c.o.class == OperatorClass.Map) {
            _openMap(c, p, e);
        } else {
            Source memory source = _sourceOf(c);
            if (source.kind != SourceKind.Batch) revert OpeningsDoNotFit();
            codeHash = source.hash;
            _openBatch(c, p, source, e);
        }
        if (sha256(p.code) != codeHash) revert OpeningsDoNotFit();
        e.coordinates = _coordinates(c.o.output.shape, p.place);
        uint256 bits;
        (bits, diverged) =
            c.o.output.dtype == ProgramLeaves.I32 ? ElementCode.evaluateWord(p.code, e) : ElementCode.evaluate(p.code, e);
        return (_littleEndian(bits), diverged);
    }

    /// @dev Checks the leaves that a map operator's element reads.
    function _openMap(Case memory c, Proof calldata p, Element memory e)
        private
        pure
    {
        e.operands = new Operand[](c.o.types.length);
        for (uint256 i = 0; i < c.o.types.length; i++) e.operands[i] = Operand(c.o.types[i].atomCount(), 4);
        e.openings = new OpenLeaf[](p.operands.length);
        _requireOperands(c, p);
        for (uint256 i = 0; i < p.operands.length; i++) {
            OperandOpening calldata opened = p.operands[i];
            e.openings[i] = OpenLeaf(opened.input, opened.leaf.index, opened.leaf.content);
        }
    }

    /// @dev Checks the leaves of data and tables that a batch reads; where the run stands is known.
    function _openBatch(
        Case memory c, Proof calldata p, Source memory source, Element memory e) private pure {
        uint256 count = source.operands.length;
        e.operands = new Operand[](count);
        e.openings = new OpenLeaf[](p.operands.length + count);
        for (uint256 i = 0; i < count; i++) {
            BatchOperand memory b = source.operands[i];
            e.operands[i] = Operand(b.elements, ProgramLeaves.atomBytes(b.dtype));
            bool isPosition = b.kind == OperandKind.Position;
            // An operand that no leaf has stands where nothing is known.
            e.openings[i] = OpenLeaf(isPosition ? i : count, 0, isPosition ? _key(c) : bytes(""));
        }
        for (uint256 i = 0; i < p.operands.length; i++) {
            OperandOpening calldata opened = p.operands[i];
            BatchOperand memory b = source.operands[opened.input];
            bytes32 root = b.root;
            if (b.kind == OperandKind.Data) {
                root = opened.tensor.root;
                if (Merkle.leafHash(abi.encodePacked(b.prefix, root)) != c.s.dataRoot) revert OpeningsDoNotFit();
            }
            _requireLeaf(root, ProgramLeaves.leafCount(b.dtype, b.elements), opened.leaf);
            e.openings[count + i] = OpenLeaf(opened.input, opened.leaf.index, opened.leaf.content);
        }
    }

    /// @dev An index of a scatter-add that no row has.
    function _judgeIndex(Case memory c, Proof calldata p)
        private
        pure
        returns (bool)
    {
        if (c.o.class != OperatorClass.ScatterAdd || p.place >= c.o.types[1].atomCount()) return false;
        _requireOperands(c, p);
        return _word(_readAtom(c, p, 1, p.place)) >= c.o.output.shape[0];
    }

    /// @dev A partial result that does not follow from those before it.
    function _judgePartial(Case memory c, Proof calldata p)
        private
        pure
        returns (bool)
    {
        if (c.d.partialRoot == 0 || p.place >= _partialCount(c.o)) return false;
        (bool shown, bytes memory claimed) = _claimedPartial(c, p);
        if (!shown) return false;
        _requireOperands(c, p);
        return keccak256(claimed) != keccak256(_littleEndian(_partialOf(c, p)));
    }

    function _partialOf(Case memory c, Proof calldata p)
        private
        pure
        returns (uint256)
    {
        uint256 q = p.place;
        if (c.o.class == OperatorClass.Sum) {
            (Addend memory a, Addend memory b) = SumOrder.addends(_reducedCount(c.o), q);
            return SoftFloat.add(_addend(c, p, a), _addend(c, p, b));
        }
        uint256 before = q == 0 ? 0 : _partialAt(c, p, q - 1);
        if (c.o.class == OperatorClass.Contract) {
            (uint256 a, uint256 b) = _contracted(c.o, c.d.element);
            return Blocks.addProduct(before, _readAtom(c, p, 0, a + q), _readAtom(c, p, 1, b + q));
        }
        if (c.o.class == OperatorClass.Maximum) {
            uint256 x = _word(_readAtom(c, p, 0, _reducedIndex(c.o, c.d.element, q)));
            return q == 0 || SoftFloat.less(before, x) ? x : before;
        }
        uint256 width = c.o.output.shape[1];
        if (_word(_readAtom(c, p, 1, q)) != c.d.element / width) return before;
        return SoftFloat.add(before, _word(_readAtom(c, p, 0, q * width + c.d.element % width)));
    }

    function _addend(Case memory c, Proof calldata p, Addend memory a)
        private
        pure
        returns (uint256)
    {
        if (a.kind == AddendKind.Zero) return 0;
        if (a.kind == AddendKind.Partial) return _partialAt(c, p, a.number);
        return _word(_readAtom(c, p, 0, _reducedIndex(c.o, c.d.element, a.number)));
    }

    /// @dev An element that is not what its last partial result makes it.
    function _judgeValue(Case memory c, Proof calldata p) private pure returns (bool) {
        uint256 count = _partialCount(c.o);
        if (c.d.partialRoot == 0 || uint256(p.place) + 1 != count) return false;
        (bool shown, bytes memory last) = _claimedPartial(c, p);
        if (!shown) return false;
        if (last.length < 4) return true;
        (uint256 bits, bool diverged) = SoftFloat.canon(_word(last));
        if (c.d.isFlagged) return !diverged;
        return diverged || keccak256(_shownElement(c, p.partials[0])) != keccak256(_littleEndian(bits));
    }

    /// @dev The disputed element of the tensor that the defender showed.
    function _shownElement(Case memory c, Opening calldata leaf)
        private
        pure
        returns (bytes memory)
    {
        TensorType memory t = c.o.output;
        uint256 perLeaf = ProgramLeaves.atomsPerLeaf(t.dtype);
        if (leaf.index != c.d.element / perLeaf) revert OpeningsDoNotFit();
        _requireLeaf(c.d.tensorRoot, ProgramLeaves.leafCount(t.dtype, t.atomCount()), leaf);
        return _shownAtom(leaf.content, t.atomCount(), perLeaf, 4, c.d.element);
    }

    /// @dev Where an input comes from in the run in question.
    function _sourceOf(Case memory c) private pure returns (Source memory) {
        return c.o.sources[c.d.previous == 0 ? 0 : 1];
    }

    /// @dev The root that a source has; not known where the opening does not lead to it.
    function _sourceRoot(Case memory c, RootOpening calldata opening, Source memory source)
        private
        pure
        returns (bool known, bytes32 root)
    {
        if (source.kind == SourceKind.Constant) return (true, source.hash);
        if (source.kind == SourceKind.Position) return (true, Merkle.leafHash(_counter(c, source.number)));
        root = opening.root;
        if (source.kind == SourceKind.Operator) return (_isOperatorRoot(c, source.number, opening), root);
        if (source.kind != SourceKind.State) return (false, root);
        bytes32 leaf = Merkle.leafHash(abi.encodePacked(source.prefix, root));
        return (Merkle.isAt(_stateRoot(c, source), source.slots, source.slot, leaf, opening.path), root);
    }

    function _stateRoot(Case memory c, Source memory source) private pure returns (bytes32) {
        if (source.number == 0) return c.d.previous;
        if (source.number == 1) return c.s.globalRoot;
        return source.number == 2 ? c.s.replicaRoot : c.s.updateRoots[source.of_];
    }

    /// @dev Tensors that follow from where the run stands.
    function _counter(Case memory c, uint256 which) private pure returns (bytes memory) {
        if (which == 0) return _littleEndian(_step(c));
        if (which == 1) return _key(c);
        if (which == 2) return _littleEndian(uint256(c.s.round) + 1);
        return _littleEndian((uint256(c.s.round) + 1) * c.s.innerSteps);
    }

    function _key(Case memory c) private pure returns (bytes memory) {
        return bytes.concat(_littleEndian(c.s.seed), _littleEndian(c.s.replica), _littleEndian(_step(c)));
    }

    function _step(Case memory c) private pure returns (uint256) {
        return uint256(c.s.firstStep) + c.d.run;
    }

    function _isProgramLeaf(Subject memory s, uint256 index, Opening calldata leaf) private pure returns (bool) {
        return leaf.index == index
            && Merkle.isAt(s.programRoot, s.programLeaves, index, Merkle.leafHash(leaf.content), leaf.path);
    }

    function _isOperatorRoot(Case memory c, uint256 operator, RootOpening calldata opening)
        private
        pure
        returns (bool)
    {
        bytes32 leaf = Merkle.leafHash(abi.encodePacked(bytes1(0), opening.root));
        return Merkle.isAt(c.d.operatorTree, c.s.operators, operator, leaf, opening.path);
    }

    function _requireOperand(Case memory c, OperandOpening calldata opened)
        private
        pure
    {
        if (!_isOperatorRoot(c, c.o.inputs[opened.input], opened.tensor)) revert OpeningsDoNotFit();
        TensorType memory t = c.o.types[opened.input];
        _requireLeaf(opened.tensor.root, ProgramLeaves.leafCount(t.dtype, t.atomCount()), opened.leaf);
    }

    function _requireLeaf(bytes32 root, uint256 leaves, Opening calldata leaf) private pure {
        if (!Merkle.isAt(root, leaves, leaf.index, Merkle.leafHash(leaf.content), leaf.path)) revert OpeningsDoNotFit();
    }

    /// @dev Checks every leaf that a proof opens, once.
    function _requireOperands(Case memory c, Proof calldata p) private pure {
        for (uint256 i = 0; i < p.operands.length; i++) _requireOperand(c, p.operands[i]);
    }

    /// @dev Reads an element or a block of an input, whose leaf the proof has to open. The caller has checked the leaves.
    function _readAtom(
        Case memory c, Proof calldata p, uint256 input,
        uint256 atom
    ) private pure returns (bytes memory bytes_) {
        uint256 dtype = c.o.types[input].dtype;
        uint256 perLeaf = ProgramLeaves.atomsPerLeaf(dtype);
        uint256 size = ProgramLeaves.atomBytes(dtype);
        for (uint256 i = 0; i < p.operands.length; i++) {
            OperandOpening calldata opened = p.operands[i];
            if (opened.input != input || opened.leaf.index != atom / perLeaf) continue;
            bytes_ = _slice(opened.leaf.content, atom % perLeaf * size, size);
            if (bytes_.length == size) return bytes_;
        }
        revert OpeningsDoNotFit();
    }

    /// @dev The element or block that the defender showed. What its leaf lacks is shown wrong.
    function _claimedAtom(Case memory c, Proof calldata p) private pure returns (bool shown, bytes memory) {
        TensorType memory t = c.o.output;
        uint256 perLeaf = ProgramLeaves.atomsPerLeaf(t.dtype);
        if (!_isClaimed(c, p) || p.place / perLeaf != c.d.leaf) return (false, "");
        return (true, _shownAtom(p.claimed.content, t.atomCount(), perLeaf, ProgramLeaves.atomBytes(t.dtype), p.place));
    }

    function _claimedPartial(Case memory c, Proof calldata p) private pure returns (bool shown, bytes memory) {
        if (!_isClaimed(c, p) || p.place / PARTIALS_PER_LEAF != c.d.leaf) return (false, "");
        return (true, _shownAtom(p.claimed.content, _partialCount(c.o), PARTIALS_PER_LEAF, 4, p.place));
    }

    /// @dev An atom of a leaf that the defender showed. A leaf of another length than it should have is wrong everywhere.
    function _shownAtom(bytes calldata content, uint256 atoms, uint256 perLeaf, uint256 size, uint256 atom)
        private
        pure
        returns (bytes memory)
    {
        uint256 left = atoms - atom / perLeaf * perLeaf;
        if (content.length != (left < perLeaf ? left : perLeaf) * size) return "";
        return _slice(content, atom % perLeaf * size, size);
    }

    function _isClaimed(Case memory c, Proof calldata p) private pure returns (bool) {
        return c.d.leafHash != 0 && Merkle.leafHash(p.claimed.content) == c.d.leafHash;
    }

    /// @dev An earlier partial result: in the leaf in question, or in one that the proof opens.
    function _partialAt(Case memory c, Proof calldata p, uint256 q) private pure returns (uint256) {
        uint256 leaf = q / PARTIALS_PER_LEAF;
        uint256 offset = q % PARTIALS_PER_LEAF * 4;
        if (leaf == c.d.leaf) return _word(_slice(p.claimed.content, offset, 4));
        uint256 leaves = (_partialCount(c.o) + PARTIALS_PER_LEAF - 1) / PARTIALS_PER_LEAF;
        for (uint256 i = 0; i < p.partials.length; i++) {
            if (p.partials[i].index != leaf) continue;
            _requireLeaf(c.d.partialRoot, leaves, p.partials[i]);
            return _word(_slice(p.partials[i].content, offset, 4));
        }
        revert OpeningsDoNotFit();
    }

    function _partialCount(Operator memory o) private pure returns (uint256) {
        if (o.class == OperatorClass.Contract) {
            return (_last(o.types[0]) + ProgramLeaves.BLOCK - 1) / ProgramLeaves.BLOCK;
        }
        if (o.class == OperatorClass.Sum) return SumOrder.partialCount(_reducedCount(o));
        if (o.class == OperatorClass.Maximum) return _reducedCount(o);
        return o.class == OperatorClass.ScatterAdd ? o.types[1].atomCount() : 0;
    }

    /// @dev How many elements a reduction makes one of, and where the n-th of them stands.
    function _reducedCount(Operator memory o) private pure returns (uint256) {
        return _product(o.types[0].shape, o.from, o.to);
    }

    function _reducedIndex(Operator memory o, uint256 element, uint256 n) private pure returns (uint256) {
        uint256[] memory shape = o.types[0].shape;
        uint256 inner = _product(shape, o.to, shape.length);
        return (element / inner * _product(shape, o.from, o.to) + n) * inner + element % inner;
    }

    /// @dev First blocks of the two rows that an element of a contraction is made of.
    function _contracted(Operator memory o, uint256 element) private pure returns (uint256 a, uint256 b) {
        uint256[] memory shape = o.output.shape;
        uint256 rank = shape.length;
        (uint256 rows, uint256 columns) = (shape[rank - 2], shape[rank - 1]);
        uint256 batch = element / (rows * columns);
        uint256 blocks = _partialCount(o);
        a = (_batchOf(o.types[0].shape, shape, batch) * rows + element / columns % rows) * blocks;
        b = (_batchOf(o.types[1].shape, shape, batch) * columns + element % columns) * blocks;
    }

    /// @dev Which matrix of an operand a matrix of the output is made of; leading axes of one element repeat.
    function _batchOf(uint256[] memory operand, uint256[] memory output, uint256 batch) private pure returns (uint256 index) {
        uint256 stride = 1;
        uint256 missing = output.length - operand.length;
        for (uint256 axis = output.length - 2; axis > 0; axis--) {
            uint256 coordinate = batch % output[axis - 1];
            batch /= output[axis - 1];
            if (axis - 1 < missing) break;
            uint256 size = operand[axis - 1 - missing];
            if (size > 1) index += coordinate * stride;
            stride *= size;
        }
    }

    function _coordinates(uint256[] memory shape, uint256 element) private pure returns (uint256[] memory c) {
        c = new uint256[](shape.length);
        for (uint256 axis = shape.length; axis > 0; axis--) {
            c[axis - 1] = element % shape[axis - 1];
            element /= shape[axis - 1];
        }
    }

    function _product(uint256[] memory shape, uint256 from, uint256 to) private pure returns (uint256 product) {
        product = 1;
        for (uint256 i = from; i < to; i++) product *= shape[i];
    }

    function _last(TensorType memory t) private pure returns (uint256) {
        return t.shape[t.shape.length - 1];
    }

    /// @dev Cut where the content ends.
    function _slice(bytes calldata content, uint256 begin, uint256 size) private pure returns (bytes memory) {
        if (begin >= content.length) return "";
        uint256 end = begin + size < content.length ? begin + size : content.length;
        return content[begin:end];
    }

    /// @dev A 32-bit word of four bytes, little-endian; and back.
    function _word(bytes memory b) private pure returns (uint256) {
        if (b.length != 4) revert OpeningsDoNotFit();
        return uint256(uint8(b[0])) | uint256(uint8(b[1])) << 8 | uint256(uint8(b[2])) << 16 | uint256(uint8(b[3])) << 24;
    }

    function _littleEndian(uint256 word) private pure returns (bytes memory) {
        return abi.encodePacked(uint8(word), uint8(word >> 8), uint8(word >> 16), uint8(word >> 24));
    }
}

/// A proof opens something else than what the computation reads.
error OpeningsDoNotFit();
