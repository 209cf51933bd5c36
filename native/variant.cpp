// Compiled once for each instruction set, with FIRTH_VARIANT naming the namespace. Only loops over plain arrays live
// here: nothing of the standard library that the linker could merge with a copy compiled for another processor.
#include "variant.hpp"

#include "attraction.hpp"
#include "block.hpp"
#include "calibration.hpp"
#include "descent_step.hpp"
#include "dot.hpp"
#include "half.hpp"
#include "merge_row.hpp"
#include "repulsion.hpp"
#include "score.hpp"

namespace firth::FIRTH_VARIANT {

extern const Variant table;
const Variant table{
    .name = FIRTH_NAME,
    .dot_block = dot_block,
    .squared_distance = squared_distance,
    .train_block = train_block,
    .squared_norm = squared_norm,
    .copy_row = copy_row,
    .merge_row = merge_row,
    .widen_row = widen_row,
    .narrow_row = narrow_row,
    .merge_half_row = merge_half_row,
    .score_block = score_block,
    .repel_group = repel_group,
    .attract = attract,
    .attract_one = attract_one,
    .divergence = divergence,
    .move_points = move_points,
    .calibrate = calibrate,
};

}  // namespace firth::FIRTH_VARIANT
