// Compiled once for each instruction set, with FIRTH_VARIANT naming the namespace. Only loops over plain arrays live
// here: nothing of the standard library that the linker could merge with a copy compiled for another processor.
#include "variant.hpp"

#include "block.hpp"
#include "dot.hpp"
#include "merge_row.hpp"
#include "score.hpp"

namespace firth::FIRTH_VARIANT {

extern const Variant table;
const Variant table{FIRTH_NAME, dot_block, squared_distance, train_block, squared_norm, copy_row, merge_row, score_block};

}  // namespace firth::FIRTH_VARIANT
