// Images in a tar archive: OCI archives (an OCI image layout in a tar) and what `docker save` and
// `podman save` write, plain or with gzip around. Nothing is unpacked: blobs stay where they lie in
// the archive, and no name in it is ever a path of this machine.
// Threads: one. Source: OCI image-spec image-layout.md; moby image-spec v1.2 "Combined Image JSON +
// Filesystem Changeset Format"; RFC 1952.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "core/result.h"
#include "simulator/storage/file_changes.h"
#include "simulator/storage/oci_layout.h"

namespace drydock::simulator {

inline constexpr std::size_t kArchiveMembersMax = 1'000'000;
// What gzip may unpack to: a small file may claim terabytes.
inline constexpr std::uint64_t kUnpackedMax = std::uint64_t{64} << 30;

// Every blob is read once and held against its digest. An image of `docker save` becomes a manifest
// of Docker's schema 2 over the same config and layers. The archive must stay; one with gzip is
// spooled to a nameless file that ends with the last of its blobs. kNotFound when there is none;
// kInvalid, naming the archive and the piece, for what is damaged, cut short or no image.
Result<OciLayout> ReadImageArchive(const std::string& path,
                                   std::uint64_t unpacked_max = kUnpackedMax);

// The same of an open, uncompressed archive.
Result<OciLayout> ReadImageArchive(std::shared_ptr<const OwnedFile> file, const std::string& name);

}  // namespace drydock::simulator
