// One table of inner loops per instruction set; the best that the processor runs is chosen once, or by name for tests.
#pragma once

#include <string>
#include <vector>

namespace firth {

struct Variant;  // native/variant.hpp

// Names of the variants that this build has and this processor runs, best last: "baseline", "x86-64-v3", "x86-64-v4".
std::vector<std::string> available_variants();

// The variant in use.
const Variant& variant();

// Chooses a variant by name; false when it is not available. Not to be called while the kernel works.
bool choose_variant(const std::string& name);

}  // namespace firth
