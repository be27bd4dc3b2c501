// Packing with gzip (RFC 1952), the same bytes each time: no name and no time in the header.
// Threads: any.
#pragma once

#include <memory>
#include <string>
#include <string_view>

namespace drydock {

inline constexpr int kGzipUsual = -1;  // zlib's own compromise
inline constexpr int kGzipSmallest = 9;

// All of `bytes`, at most 4 GiB, as one member. Ends the program when there is no memory for it.
std::string Gzip(std::string_view bytes, int level = kGzipUsual);
// As Gzip; up to 64 KiB that were packed before are not packed again. Results stay until the
// process ends, 8 MiB of them at most. For what is made anew for each of many worlds: layers and
// tarballs of some hundred bytes cost zlib more than all else they need.
std::shared_ptr<const std::string> GzipOnce(std::string_view bytes, int level = kGzipUsual);

}  // namespace drydock
