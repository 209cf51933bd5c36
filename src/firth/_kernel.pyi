"""Types of the compiled kernel (``native/bind_*.cpp``)."""

from firth.arrays import Float32, Float64, Int32, Int64, UInt8, UInt32

max_lanes: int
max_negative: int
max_partners: int

def available_variants() -> list[str]: ...
def variant() -> str: ...
def choose_variant(name: str) -> None: ...
def words(seed: int, purpose: int, index: int, n: int) -> UInt32: ...
def build_alias(weights: Float64, offsets: Int64) -> tuple[UInt32, Int32]: ...
def merge_share(n_lanes: int, curvature: float, step_curvature: float) -> float: ...

class Groups:
    def __init__(
        self,
        *,
        choice_threshold: UInt32,
        choice_alias: Int32,
        contexts: Int32,
        offsets: Int64,
        members: Int32,
        weights: Float64 | None,
        threshold: UInt32 | None,
        alias: Int32 | None,
        partners: int,
        heldout_salt: int,
        heldout_threshold: int,
        draw_heldout: bool,
        n_items: int,
    ) -> None: ...
    def draw(self, seed: int, purpose: int, index: int, n: int) -> Int32: ...

class Sequences:
    def __init__(
        self,
        *,
        tokens: Int32,
        offsets: Int64,
        keep: UInt32,
        unknown: int,
        before: int,
        after: int,
        shrink: bool,
        chunk_size: int,
        heldout_salt: int,
        heldout_threshold: int,
        seed: int,
        context: int,
    ) -> None: ...
    @property
    def n_chunks(self) -> int: ...
    def count_pairs(self, epoch: int, n_jobs: int) -> int: ...
    def positions(
        self, epoch: int, first_chunk: int, last_chunk: int, want_heldout: bool, n: int
    ) -> tuple[Int32, Int64, Int32]: ...

class Trainer:
    def __init__(
        self,
        *,
        sources: list[Groups | Sequences],
        plans: list[tuple[int, int, int]],
        pattern: Int32,
        n_lanes_in_all: int,
        n_contexts: int,
        inputs: Float32,
        outputs: Float32,
        biases: Float32 | None,
        noise_threshold: UInt32,
        noise_alias: Int32,
        log_noise: Float32,
        frozen: UInt8 | None,
        is_cbow: bool,
        negative: int,
        seed: int,
        lanes: int,
        learning_rate: float,
        min_learning_rate: float,
        curvature: float,
    ) -> None: ...
    @property
    def n_steps(self) -> int: ...
    def learning_rate_at(self, step: int) -> float: ...
    def run(self, first: int, last: int, n_jobs: int) -> tuple[Float64, Int64]: ...
    def heldout_loss(self, centres: Int32, offsets: Int64, partners: Int32, negatives: Int32) -> float: ...

def top_k(queries: Float32, rows: Float32, exclude: Int32, k: int, n_jobs: int) -> tuple[Int32, Float32]: ...
def probe(
    queries: Float32,
    rows: Float32,
    offsets: Int64,
    means: Float32,
    bounds: Float32,
    first: int,
    last: int,
    k: int,
    n_first: int,
    n_jobs: int,
) -> Int32: ...
def refine(
    matrix: Float32, names: Int32, apart: UInt8, queries: Int32, ids: Int32, k: int, n_jobs: int
) -> tuple[Int32, Float32]: ...
def rank_rows(
    rows: Float32, queries: Int32, others: Int32, k: int, is_distance: bool, n_jobs: int
) -> tuple[Int32, Int32, Int32]: ...

class TextChunk:
    @property
    def is_open(self) -> bool: ...
    @property
    def n_line_ends(self) -> int: ...
    @property
    def n_rejected(self) -> int: ...
    @property
    def n_invalid_bytes(self) -> int: ...
    @property
    def invalid(self) -> list[tuple[int, str]]: ...

class TextTable:
    def __init__(self) -> None: ...
    def __len__(self) -> int: ...
    def merge(self, chunk: TextChunk) -> tuple[Int32, Int64]: ...
    def keys(self) -> list[str]: ...
    def code(self, key: str) -> int: ...
    def order(self, counts: Int64) -> Int64: ...

class PairCounts:
    def add(self, codes: Int32, lengths: Int64, is_open: bool) -> None: ...
    def phrases(self, threshold: float) -> tuple[Int32, Int32, Float64]: ...

class PairJoiner:
    def __init__(self) -> None: ...
    @property
    def n_joined(self) -> int: ...
    def set(self, left: Int32, right: Int32, codes: Int32) -> None: ...
    def join(self, codes: Int32, lengths: Int64, is_open: bool) -> tuple[Int32, Int64]: ...

def tokenize(data: bytes, *, lowercase: bool, max_token: int) -> TextChunk: ...
def chunk_of_lines(lines: list[list[str]], *, max_token: int) -> TextChunk: ...
def pair_counts(counts: Int64, *, min_count: int) -> PairCounts: ...
def count_codes(codes: Int32, counts: Int64) -> None: ...
def recode(codes: Int32, code_of: Int32) -> None: ...
