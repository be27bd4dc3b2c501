// Packing with gzip (RFC 1952), the same bytes each time: no name and no time in the header.
// Threads: a pure function.
#pragma once

#include <string>
#include <string_view>

namespace drydock {

inline constexpr int kGzipUsual = -1;  // zlib's own compromise
inline constexpr int kGzipSmallest = 9;

// All of `bytes`, at most 4 GiB, as one member. Ends the program when there is no memory for it.
std::string Gzip(std::string_view bytes, int level = kGzipUsual);

}  // namespace drydock
