// The label by which an image says of which commit it is: org.opencontainers.image.revision.
// Threads: constants and pure functions. Source: OCI image-spec annotations.md ("Pre-Defined
// Annotation Keys", which are used as labels too).
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "core/json.h"

namespace drydock::publisher {

inline constexpr std::string_view kRevisionLabel = "org.opencontainers.image.revision";

// What is done about it. kCheck: another commit than the tag's is wrong, no label is a note;
// kRequire: no label is wrong too; kIgnore: nobody sets it or looks at it.
enum class RevisionRule { kCheck, kRequire, kIgnore };

// What an image config says; nullopt without the label.
std::optional<std::string> RevisionIn(const json::Value& config);

// Whether `revision` means `commit` (40 or 64 hex digits): the same, or its first 7 digits or more.
bool IsRevisionOf(std::string_view revision, std::string_view commit);

}  // namespace drydock::publisher
