#include "scenarios/runner/generated_files.h"

#include <cstdint>
#include <filesystem>
#include <fstream>

#include "core/json.h"
#include "core/text.h"

namespace drydock::scenarios {
namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t kBytesMax = std::uint64_t{64} << 20U;

// Below the project's folder, and nowhere else.
bool IsInside(const fs::path& path) {
  const fs::path normal = path.lexically_normal();
  return !normal.empty() && normal.is_relative() && *normal.begin() != ".." && normal != ".";
}

Status WriteRepeated(const fs::path& path, const std::string& line, std::uint64_t bytes) {
  std::error_code failure;
  fs::create_directories(path.parent_path(), failure);
  std::ofstream file(path, std::ios::binary);
  for (std::uint64_t written = 0; written < bytes; written += line.size()) {
    file << line.substr(0, bytes - written);
  }
  file.flush();
  return file ? Status(Ok{})
              : Error(ErrorCode::kUnavailable,
                      Concat({"project: cannot write: ", path.filename().string()}));
}

Status WriteOne(json::Source& source, const json::Value& value, const std::string& folder) {
  json::ObjectReader reader(source, value, "file");
  std::string path;
  std::string line;
  std::uint64_t bytes = 0;
  if (reader.Require("path", path) && !IsInside(path)) {
    reader.Fail("path",
                Concat({"expected a path below the project's folder, found: \"", path, "\""}));
  }
  if (reader.Require("bytes", bytes) && (bytes == 0 || bytes > kBytesMax)) {
    reader.Fail("bytes", Concat({"expected 1 to ", std::to_string(kBytesMax),
                                 ", found: ", std::to_string(bytes)}));
  }
  if (reader.Require("repeat", line) && line.empty()) {
    reader.Fail("repeat", "is empty (expected the text that the file repeats)");
  }
  reader.Finish();
  return source.ok() ? WriteRepeated(fs::path(folder) / path, line, bytes) : source.status();
}

}  // namespace

Status WriteGeneratedFiles(const std::string& folder) {
  const fs::path list = fs::path(folder) / "generated.json";
  std::error_code failure;
  if (!fs::exists(list, failure)) {
    return Ok{};
  }
  const auto document = json::ParseFile(list.string());
  if (!document) {
    return document.error();
  }
  json::Source source("generated.json");
  json::ObjectReader reader(source, *document, "generated files");
  const json::Value* files = reader.Required("files");
  reader.Finish();
  if (files != nullptr && files->as_array() == nullptr) {
    reader.Fail("files", "expected an array");
  }
  if (!source.ok()) {
    return source.status();
  }
  for (const json::Value& file : *files->as_array()) {
    if (Status written = WriteOne(source, file, folder); !written) {
      return written;
    }
  }
  fs::remove(list, failure);
  return Ok{};
}

}  // namespace drydock::scenarios
