#include "simulator/neighbours/npm_tarball.h"

#include <array>
#include <cstdio>
#include <nlohmann/json.hpp>
#include <string_view>

#include "core/gzip.h"

namespace drydock::simulator {
namespace {

constexpr std::size_t kBlock = 512;

std::string PackageJson(const NpmVersion& version) {
  nlohmann::ordered_json json;
  json["name"] = version.package;
  json["version"] = version.version;
  if (!version.dependencies.empty()) {
    json["dependencies"] = version.dependencies;
  }
  return json.dump(2) + "\n";
}

void Put(std::string& header, std::size_t at, std::string_view text) {
  header.replace(at, text.size(), text);
}

// `digits` octal digits, as ustar writes numbers.
std::string Octal(std::uint64_t value, int digits) {
  std::array<char, 24> buffer{};
  std::snprintf(buffer.data(), buffer.size(), "%0*llo", digits,
                static_cast<unsigned long long>(value));
  return buffer.data();
}

// One regular file and the end of the archive.
std::string Ustar(std::string_view name, std::string_view content) {
  std::string header(kBlock, '\0');
  Put(header, 0, name);
  Put(header, 100, "0000644");
  Put(header, 108, "0000000");
  Put(header, 116, "0000000");
  Put(header, 124, Octal(content.size(), 11));
  Put(header, 136, "00000000000");
  Put(header, 148, "        ");  // the checksum counts its own field as blanks
  Put(header, 156, "0");
  Put(header, 257,
      std::string_view("ustar\0"
                       "00",
                       8));
  std::uint64_t sum = 0;
  for (const char c : header) {
    sum += static_cast<unsigned char>(c);
  }
  Put(header, 148, Octal(sum, 6));
  header[154] = '\0';
  std::string archive = header;
  archive.append(content);
  archive.append((kBlock - content.size() % kBlock) % kBlock, '\0');
  archive.append(2 * kBlock, '\0');
  return archive;
}

}  // namespace

std::string NpmTarball(const NpmVersion& version) {
  return *GzipOnce(Ustar("package/package.json", PackageJson(version)), kGzipSmallest);
}

}  // namespace drydock::simulator
