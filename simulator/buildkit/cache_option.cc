#include "simulator/buildkit/cache_option.h"

#include <vector>

#include "core/text.h"

namespace drydock::simulator::buildkit {

Result<CacheOption> ParseCacheOption(std::string_view text) {
  CacheOption option;
  std::string type;
  std::string reference;
  if (text.find('=') == std::string_view::npos) {
    type = "registry";
    reference = text;
  } else {
    for (const std::string& field : Split(text, ',')) {
      const std::size_t equals = field.find('=');
      if (equals == std::string::npos) {
        return Error(ErrorCode::kInvalid, Concat({"invalid value ", field}));
      }
      const std::string key = ToLower(std::string_view(field).substr(0, equals));
      const std::string value = field.substr(equals + 1);
      if (key == "type") {
        type = value;
      } else if (key == "ref") {
        reference = value;
      } else if (key == "mode") {
        option.all_layers = value == "max";
      } else if (key == "image-manifest") {
        option.image_manifest = value == "true";
      } else if (key == "oci-mediatypes") {
        option.oci_types = value == "true";
      } else if (key == "ignore-error") {
        option.ignore_error = value == "true";
      }
    }
  }
  if (type != "registry") {
    return Error(ErrorCode::kInvalid, Concat({"unsupported cache type: ", type}));
  }
  Result<ImageReference> parsed = ImageReference::Parse(reference);
  if (!parsed) {
    return parsed.error();
  }
  option.reference = std::move(*parsed);
  return option;
}

}  // namespace drydock::simulator::buildkit
