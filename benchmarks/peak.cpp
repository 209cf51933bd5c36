// The machine's fused multiply-add rate: sixteen independent chains of the widest registers, per thread. Prints G/s.
//   c++ -O3 -march=native -std=c++20 -o peak benchmarks/peak.cpp -pthread && ./peak THREADS
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <thread>
#include <vector>

#if defined(__AVX512F__)
constexpr int width = 16;
#else
constexpr int width = 8;
#endif
typedef float Floats __attribute__((vector_size(width * 4)));

static volatile float sink;

static void chains(long n) {
    Floats sums[16] = {}, x = {}, y = {};
    for (int c = 0; c < 16; ++c) sums[c][0] = float(c);  // all different, or one chain would do for all
    for (int i = 0; i < width; ++i) x[i] = 1.0f + 1e-7f * float(i), y[i] = 1e-9f;
    for (long i = 0; i < n; ++i) {
#pragma GCC unroll 16
        for (int c = 0; c < 16; ++c) sums[c] = sums[c] * x + y;
    }
    float total = 0;
    for (auto& sum : sums) total += sum[0];
    sink = total;
}

int main(int argc, char** argv) {
    const int n_threads = argc > 1 ? std::atoi(argv[1]) : 1;
    constexpr long n = 60'000'000;
    const auto start = std::chrono::steady_clock::now();
    {
        std::vector<std::jthread> threads;
        for (int t = 0; t < n_threads; ++t) threads.emplace_back(chains, n);
    }
    const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    std::printf("%.1f\n", double(n) * 16 * width * n_threads / seconds / 1e9);
}
