#include "simulator/registry/account.h"

#include <algorithm>

#include "core/text.h"

namespace drydock::simulator {

std::optional<BasicCredentials> ReadBasicCredentials(std::string_view header) {
  constexpr std::string_view kScheme = "Basic ";
  if (!EqualsIgnoringCase(header.substr(0, kScheme.size()), kScheme)) {
    return std::nullopt;
  }
  const std::string decoded = FromBase64(Trim(header.substr(kScheme.size()))).value_or("");
  const std::size_t colon = std::min(decoded.find(':'), decoded.size());
  return BasicCredentials{decoded.substr(0, colon),
                          decoded.substr(std::min(colon + 1, decoded.size()))};
}

}  // namespace drydock::simulator
