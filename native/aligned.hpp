// Floats on a cache line's boundary, which whole vector registers can be loaded from.
#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>
#include <new>

namespace firth {

class AlignedFloats {
  public:
    AlignedFloats() = default;

    // Zeros.
    explicit AlignedFloats(int64_t size) {
        resize(size);
        std::fill_n(data(), size, 0.0f);
    }

    // Makes room for at least `size` floats. What was there is lost and what is there is undefined when it grows.
    void resize(int64_t size) {
        if (size <= capacity_) return;
        capacity_ = size + size / 4;
        floats_.reset(static_cast<float*>(::operator new(size_t(capacity_) * sizeof(float), std::align_val_t{64})));
    }

    float* data() const { return floats_.get(); }

  private:
    struct Delete {
        void operator()(float* floats) const { ::operator delete(floats, std::align_val_t{64}); }
    };
    std::unique_ptr<float, Delete> floats_;
    int64_t capacity_ = 0;
};

}  // namespace firth
