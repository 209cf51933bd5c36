#include "dispatch.hpp"

#include "variant.hpp"

namespace firth {

namespace baseline {
extern const Variant table;
}
#if defined(__x86_64__)
namespace v3 {
extern const Variant table;
}
namespace v4 {
extern const Variant table;
}
#endif

namespace {

std::vector<const Variant*> supported() {
    std::vector<const Variant*> found{&baseline::table};
#if defined(__x86_64__)
    __builtin_cpu_init();
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && __builtin_cpu_supports("bmi2")) {
        found.push_back(&v3::table);
        if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
            __builtin_cpu_supports("avx512cd") && __builtin_cpu_supports("avx512dq") &&
            __builtin_cpu_supports("avx512vl"))
            found.push_back(&v4::table);
    }
#endif
    return found;
}

const Variant*& chosen() {
    static const Variant* current = supported().back();
    return current;
}

}  // namespace

std::vector<std::string> available_variants() {
    std::vector<std::string> names;
    for (const Variant* each : supported()) names.emplace_back(each->name);
    return names;
}

const Variant& variant() { return *chosen(); }

bool choose_variant(const std::string& name) {
    for (const Variant* each : supported())
        if (name == each->name) {
            chosen() = each;
            return true;
        }
    return false;
}

}  // namespace firth
