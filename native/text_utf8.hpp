// UTF-8: which bytes are no characters, and their replacement by U+FFFD.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace firth {

struct Utf8Step {
    int length;  // bytes of the character, or of the longest beginning of one (at least 1)
    bool is_valid;
};

// The character at `p` < `end`, by table 3-7 of the Unicode standard ("Well-Formed UTF-8 Byte Sequences"). What is not
// well-formed is as long as the standard's "maximal subpart", so each replacement stands where Python's would.
inline Utf8Step utf8_step(const char* p, const char* end) {
    const auto byte = [p](int i) { return uint8_t(p[i]); };
    const uint8_t lead = byte(0);
    if (lead < 0x80) return {1, true};
    const int length = lead >= 0xC2 && lead <= 0xDF   ? 2
                       : lead >= 0xE0 && lead <= 0xEF ? 3
                       : lead >= 0xF0 && lead <= 0xF4 ? 4
                                                      : 0;
    if (length == 0) return {1, false};
    // The second byte excludes overlong forms, surrogates and what lies beyond U+10FFFF.
    const uint8_t low = lead == 0xE0 ? 0xA0 : lead == 0xF0 ? 0x90 : 0x80;
    const uint8_t high = lead == 0xED ? 0x9F : lead == 0xF4 ? 0x8F : 0xBF;
    for (int i = 1; i < length; ++i) {
        const bool is_second = i == 1;
        if (p + i == end || byte(i) < (is_second ? low : 0x80) || byte(i) > (is_second ? high : 0xBF))
            return {i, false};
    }
    return {length, true};
}

// How many bytes of `text` belong to no character.
inline int64_t invalid_bytes(std::string_view text) {
    int64_t n = 0;
    const char* end = text.data() + text.size();
    for (const char* p = text.data(); p < end;) {
        const Utf8Step step = utf8_step(p, end);
        if (!step.is_valid) n += step.length;
        p += step.length;
    }
    return n;
}

// `text` with U+FFFD in place of each sequence that is no character.
inline std::string repaired(std::string_view text) {
    std::string whole;
    const char* end = text.data() + text.size();
    for (const char* p = text.data(); p < end;) {
        const Utf8Step step = utf8_step(p, end);
        if (step.is_valid)
            whole.append(p, size_t(step.length));
        else
            whole.append("\xEF\xBF\xBD");
        p += step.length;
    }
    return whole;
}

}  // namespace firth
