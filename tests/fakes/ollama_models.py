"""Writes the small GGUF models that the real Ollama server runs in tests.

A scripted model plays a fixed text through the real tokenizer, chat template,
sampler and stream: its logits depend on the last token only. MiniLM is a real
embedding model, converted from its published weights.
"""

from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from pathlib import Path

import gguf
import numpy as np
import numpy.typing as npt
from safetensors.numpy import load_file

Matrix = npt.NDArray[np.float32]

_START, _END, _TEXT_END, _FIRST_PIECE = 256, 257, 258, 259
_NEWLINE = 10
_HEAD = 64
_NORMAL, _CONTROL = 1, 3
_CHATML = (
    "{% for message in messages %}{{'<|im_start|>' + message['role'] + '\\n' + "
    "message['content'] + '<|im_end|>' + '\\n'}}{% endfor %}"
    "{% if add_generation_prompt %}{{'<|im_start|>assistant\\n'}}{% endif %}"
)


def pieces_of(text: str, /) -> list[str]:
    """Cut a text into pieces that a scripted model can play."""
    pieces: list[str] = []
    piece = ""
    for character in text:
        piece += character
        if len(piece) > 1 and piece not in pieces:
            pieces.append(piece)
            piece = ""
    while piece and pieces and (len(piece.encode()) < 2 or piece in pieces):
        piece = pieces.pop() + piece
    return [*pieces, piece] if piece else pieces


def scripted(path: Path, pieces: Sequence[str], /, *, endless: bool = False) -> Path:
    """Write a model that answers every prompt with these pieces, then stops.

    No pieces make a model that says nothing; an endless one begins again after
    the last piece. A prompt has as many tokens as UTF-8 bytes, and one more for
    each special token of the chat template; an answer has one token a piece, and
    one for the end. Raises `ValueError` unless the pieces are unique and at least
    two bytes long.
    """
    if len(set(pieces)) < len(pieces) or any(len(p.encode()) < 2 for p in pieces):
        raise ValueError(f"pieces must be unique and two bytes or longer: {pieces}")
    tokens = _tokens(pieces)
    width = max(512, -(-len(tokens) // _HEAD) * _HEAD)
    writer = gguf.GGUFWriter(path, "llama")
    _describe_llama(writer, width, len(tokens))
    _add_byte_tokenizer(writer, tokens)
    following = _following(len(pieces), endless=endless)
    for name, matrix in _llama_tensors(width, following).items():
        writer.add_tensor(name, matrix)
    _write(writer)
    return path


def minilm(path: Path, weights: Path, /) -> Path:
    """Write all-MiniLM-L6-v2 as GGUF from the folder with its published files."""
    writer = gguf.GGUFWriter(path, "bert")
    _describe_bert(writer)
    words = (weights / "vocab.txt").read_text(encoding="utf-8").splitlines()
    _add_word_tokenizer(writer, words)
    for name, tensor in _bert_tensors(weights / "model.safetensors"):
        writer.add_tensor(name, tensor)
    _write(writer)
    return path


def _write(writer: gguf.GGUFWriter) -> None:
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


# --- the scripted model ------------------------------------------------------


def _byte_characters() -> list[str]:
    """The characters by which GPT-2 spells the 256 bytes."""
    shown = {*range(33, 127), *range(161, 173), *range(174, 256)}
    hidden = [value for value in range(256) if value not in shown]
    return [
        chr(value) if value in shown else chr(256 + hidden.index(value))
        for value in range(256)
    ]


def _tokens(pieces: Sequence[str]) -> list[str]:
    characters = _byte_characters()
    spelled = ["".join(characters[byte] for byte in p.encode()) for p in pieces]
    return [*characters, "<|im_start|>", "<|im_end|>", "<|endoftext|>", *spelled]


def _following(pieces: int, *, endless: bool) -> Mapping[int, int]:
    """Which token follows which; whatever is not named is followed by the end.

    The chat template ends in a line feed, so the answer follows that.
    """
    answer = range(_FIRST_PIECE, _FIRST_PIECE + pieces)
    chain = [_NEWLINE, *answer, _FIRST_PIECE if endless else _END]
    return dict(pairwise(chain))


def _describe_llama(writer: gguf.GGUFWriter, width: int, vocabulary: int) -> None:
    writer.add_name("scripted")
    writer.add_context_length(4096)
    writer.add_embedding_length(width)
    writer.add_block_count(1)
    writer.add_feed_forward_length(32)
    writer.add_head_count(width // _HEAD)
    writer.add_head_count_kv(width // _HEAD)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_rope_dimension_count(_HEAD)
    writer.add_vocab_size(vocabulary)
    writer.add_file_type(0)


def _add_byte_tokenizer(writer: gguf.GGUFWriter, tokens: Sequence[str]) -> None:
    special = {_START, _END, _TEXT_END}
    kinds = [_CONTROL if at in special else _NORMAL for at in range(len(tokens))]
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("gpt-2")
    writer.add_token_list(tokens)
    writer.add_token_types(kinds)
    writer.add_token_merges([f"{tokens[0]} {tokens[1]}"])  # the loader wants one
    writer.add_bos_token_id(_TEXT_END)
    writer.add_eos_token_id(_END)
    writer.add_add_bos_token(value=False)
    writer.add_chat_template(_CHATML)


def _llama_tensors(width: int, following: Mapping[int, int]) -> dict[str, Matrix]:
    vocabulary = _FIRST_PIECE + len(following) - 1
    embedding = np.eye(vocabulary, width, dtype=np.float32)
    output = np.zeros((vocabulary, width), dtype=np.float32)
    for token in range(vocabulary):
        output[following.get(token, _END), token] = 1.0
    square = np.zeros((width, width), dtype=np.float32)
    wide = np.zeros((32, width), dtype=np.float32)
    ones = np.ones(width, dtype=np.float32)
    return {
        "token_embd.weight": embedding,
        "output.weight": output,
        "output_norm.weight": ones,
        "blk.0.attn_norm.weight": ones,
        "blk.0.ffn_norm.weight": ones,
        **{f"blk.0.attn_{part}.weight": square for part in ("q", "k", "v", "output")},
        "blk.0.ffn_gate.weight": wide,
        "blk.0.ffn_up.weight": wide,
        "blk.0.ffn_down.weight": np.ascontiguousarray(wide.T),
    }


# --- MiniLM ------------------------------------------------------------------


def _describe_bert(writer: gguf.GGUFWriter) -> None:
    writer.add_name("all-minilm")
    writer.add_context_length(512)
    writer.add_embedding_length(384)
    writer.add_block_count(6)
    writer.add_feed_forward_length(1536)
    writer.add_head_count(12)
    writer.add_layer_norm_eps(1e-12)
    writer.add_causal_attention(value=False)
    writer.add_pooling_type(gguf.PoolingType.MEAN)
    writer.add_file_type(1)


def _add_word_tokenizer(writer: gguf.GGUFWriter, words: Sequence[str]) -> None:
    writer.add_tokenizer_model("bert")
    writer.add_tokenizer_pre("default")
    writer.add_token_type_count(2)
    writer.add_token_list([_bert_spelling(word) for word in words])
    writer.add_token_types([_CONTROL if _special(w) else _NORMAL for w in words])
    writer.add_bos_token_id(101)
    writer.add_eos_token_id(102)
    writer.add_sep_token_id(102)
    writer.add_pad_token_id(0)
    writer.add_unk_token_id(100)
    writer.add_mask_token_id(103)


def _bert_spelling(word: str) -> str:
    if word.startswith("##"):
        return word[2:]
    return word if _special(word) else f"\u2581{word}"


def _special(word: str) -> bool:
    return word.startswith("[") and word.endswith("]") and len(word) > 2


def _bert_tensors(weights: Path) -> Iterator[tuple[str, npt.NDArray[np.floating]]]:
    names = gguf.get_tensor_name_map(gguf.MODEL_ARCH.BERT, 6)
    for key, tensor in load_file(weights).items():
        if key.startswith("pooler.") or key.endswith("position_ids"):
            continue
        name = names.get_name(key, try_suffixes=(".weight", ".bias"))
        if name is None:
            raise ValueError(f"{weights}: no GGUF name for the tensor {key}")
        small = tensor.ndim == 2 and not name.startswith(("position", "token_types"))
        yield name, tensor.astype(np.float16 if small else np.float32)
