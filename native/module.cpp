// The Python face of the kernel: arrays in, arrays out. Every index is checked here, before any loop; the GIL is
// released while the kernel works.
#include <nanobind/nanobind.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

#include "dispatch.hpp"
#include "variant.hpp"

namespace nb = nanobind;

void bind_map(nb::module_& m);      // bind_map.cpp
void bind_quality(nb::module_& m);  // bind_quality.cpp
void bind_rounds(nb::module_& m);   // bind_rounds.cpp
void bind_text(nb::module_& m);     // bind_text.cpp
void bind_topk(nb::module_& m);     // bind_topk.cpp
void bind_trainer(nb::module_& m);  // bind_trainer.cpp
void bind_walks(nb::module_& m);    // bind_walks.cpp

NB_MODULE(_kernel, m) {
    m.doc() = "Firth's compiled kernel. Private: use the functions of the firth package.";
    m.def("available_variants", &firth::available_variants);
    m.def("variant", [] { return std::string(firth::variant().name); });
    m.def("choose_variant", [](const std::string& name) {
        if (!firth::choose_variant(name)) throw nb::value_error(("no such variant here: " + name).c_str());
    });
    bind_walks(m);
    bind_trainer(m);
    bind_rounds(m);
    bind_map(m);
    bind_topk(m);
    bind_text(m);
    bind_quality(m);
}
