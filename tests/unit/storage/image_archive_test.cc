#include "simulator/storage/image_archive.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "core/json.h"
#include "core/media_type.h"
#include "core/text.h"
#include "simulator/storage/preload.h"
#include "tests/support/child.h"
#include "tests/support/temp_folder.h"
#include "tests/unit/registry/bench.h"

namespace drydock::simulator {
namespace {

using drydock::testing::TempFolder;
using ::testing::HasSubstr;

constexpr std::size_t kBlock = 512;

// One header of a tar archive. `size` need not be the truth.
std::string TarHeader(const std::string& name, std::uint64_t size, char type = '0',
                      const std::string& target = "") {
  std::string header(kBlock, '\0');
  const auto put = [&](std::size_t at, const std::string& text) {
    header.replace(at, text.size(), text);
  };
  const auto octal = [](std::uint64_t value, std::size_t digits) {
    std::string text(digits, '0');
    for (std::size_t at = digits; at-- > 0; value /= 8) {
      text[at] = static_cast<char>('0' + value % 8);
    }
    return text;
  };
  put(0, name);
  put(100, "0000644");
  put(124, octal(size, 11));
  put(148, "        ");
  put(156, std::string(1, type));
  put(157, target);
  put(257, "ustar");
  put(263, "00");
  std::uint64_t sum = 0;
  for (const char c : header) {
    sum += static_cast<unsigned char>(c);
  }
  put(148, octal(sum, 6) + std::string(1, '\0'));
  return header;
}

std::string TarFile(const std::string& name, std::string content) {
  const std::string header = TarHeader(name, content.size());
  content.resize((content.size() + kBlock - 1) / kBlock * kBlock);
  return header + content;
}

const std::string kTarEnd(2 * kBlock, '\0');
constexpr char kMarker[] = R"({"imageLayoutVersion":"1.0.0"})";

std::string BlobName(std::string_view bytes) {
  return Concat({"blobs/sha256/", Digest::Of(bytes).hex()});
}

std::string Index(const std::string& image, const std::string& annotations) {
  return Concat({R"({"schemaVersion":2,"manifests":[{"mediaType":")", media_type::kOciManifest,
                 R"(","digest":")", Sha256(image), R"(","size":)", std::to_string(image.size()),
                 R"(,"annotations":{)", annotations, "}}]}"});
}

// An OCI archive of one image, as skopeo and buildx write them.
std::string OciArchive(
    const std::string& annotations = R"("org.opencontainers.image.ref.name":"v1")") {
  const std::string image = ImageJson("config", "layer");
  return Concat({TarHeader("blobs/", 0, '5'), TarHeader("blobs/sha256/", 0, '5'),
                 TarFile(BlobName("config"), "config"), TarFile(BlobName("layer"), "layer"),
                 TarFile(BlobName(image), image), TarFile("index.json", Index(image, annotations)),
                 TarFile("oci-layout", kMarker), kTarEnd});
}

std::string DockerConfig(const std::vector<std::string>& layers) {
  std::string ids;
  for (const std::string& layer : layers) {
    ids += Concat({ids.empty() ? "" : ",", "\"", Sha256(layer), "\""});
  }
  return Concat({R"({"architecture":"amd64","os":"linux","rootfs":{"type":"layers","diff_ids":[)",
                 ids, "]}}"});
}

// What `docker save` wrote until 24: the second image's first layer is a link to the first's.
std::string DockerSave() {
  const std::string one = DockerConfig({"layer-1"});
  const std::string two = DockerConfig({"layer-1", "layer-2"});
  return Concat(
      {TarFile("1/layer.tar", "layer-1"), TarHeader("2/layer.tar", 0, '2', "../1/layer.tar"),
       TarFile("3/layer.tar", "layer-2"), TarFile("one.json", one), TarFile("two.json", two),
       TarFile("manifest.json",
               R"([{"Config":"one.json","RepoTags":["team/app:v1","localhost:5000/x:y"],
                              "Layers":["1/layer.tar"]},
                             {"Config":"two.json","RepoTags":["debian:12"],
                              "Layers":["2/layer.tar","3/layer.tar"]}])"),
       kTarEnd});
}

Result<OpenedStore> Opened(const std::string& argument) { return OpenContent("", {argument}); }

TEST(ImageArchive, TakesOciArchives) {
  const struct {
    const char* annotations;
    const char* before;
    const char* repository;
    const char* tag;
  } rows[] = {
      {R"("org.opencontainers.image.ref.name":"v1")", "", "app", "v1"},
      {R"("org.opencontainers.image.ref.name":"v1")", "team/web=", "team/web", "v1"},
      {R"("org.opencontainers.image.ref.name":"team/web:v2")", "", "team/web", "v2"},
      {R"("org.opencontainers.image.ref.name":"12",
          "io.containerd.image.name":"docker.io/library/debian:12")",
       "", "library/debian", "12"},
      {R"("org.opencontainers.image.ref.name":"v1",
          "io.containerd.image.name":"ghcr.io/team/web:v1")",
       "", "team/web", "v1"},
  };
  for (const auto& row : rows) {
    const TempFolder folder;
    folder.Write("app.tar", OciArchive(row.annotations));
    const auto opened = Opened(row.before + folder.At("app.tar"));
    ASSERT_TRUE(opened.ok()) << opened.error().message();
    EXPECT_EQ(opened->content.FindTag(row.repository, row.tag),
              Digest::Of(ImageJson("config", "layer")))
        << row.annotations;
    EXPECT_EQ(TextOf(opened->content.FindBlob(row.repository, Digest::Of("layer"))), "layer");
  }
}

TEST(ImageArchive, TakesWhatDockerSaveWrites) {
  const TempFolder folder;
  folder.Write("images.tar", DockerSave());
  const auto opened = Opened(folder.At("images.tar"));
  ASSERT_TRUE(opened.ok()) << opened.error().message();
  const Store& store = opened->content;
  EXPECT_EQ(store.Repositories(), (std::vector<std::string>{"library/debian", "team/app", "x"}));
  const auto digest = store.FindTag("library/debian", "12");
  ASSERT_TRUE(digest.has_value());
  const StoredManifest* manifest = store.FindManifest("library/debian", *digest);
  EXPECT_EQ(manifest->media_type, media_type::kDockerManifest);
  const auto json = json::Parse(*manifest->bytes, "manifest");
  EXPECT_EQ(json->At("/config")->Text("digest"), Sha256(DockerConfig({"layer-1", "layer-2"})));
  EXPECT_EQ(json->At("/layers/0")->Text("digest"), Sha256("layer-1"));
  EXPECT_EQ(json->At("/layers/1")->Text("digest"), Sha256("layer-2"));
  EXPECT_EQ(TextOf(store.FindBlob("library/debian", Digest::Of("layer-1"))), "layer-1");
  EXPECT_EQ(store.FindTag("team/app", "v1"), store.FindTag("x", "y"));
}

TEST(ImageArchive, ReadsThroughGzipAndIntoAStoreOnDisk) {
  const TempFolder folder;
  const std::string plain = folder.Write("app.tar", OciArchive());
  drydock::testing::Child gzip({"gzip", "-k", plain}, {}, "gzip");
  ASSERT_EQ(gzip.Wait(), 0) << gzip.err();
  const auto opened = OpenContent(folder.At("store"), {"team/app=" + plain + ".gz"});
  ASSERT_TRUE(opened.ok()) << opened.error().message();
  std::filesystem::remove(plain);
  std::filesystem::remove(plain + ".gz");
  EXPECT_EQ(TextOf(opened->content.FindBlob("team/app", Digest::Of("layer"))), "layer");
  EXPECT_TRUE(std::filesystem::exists(folder.At("store/team/app/index.json")));
}

TEST(ImageArchive, StaysWithinWhatGzipMayUnpackTo) {
  const TempFolder folder;
  folder.Write("zeros", std::string(1 << 20, '\0'));
  drydock::testing::Child gzip({"gzip", folder.At("zeros")}, {}, "gzip");
  ASSERT_EQ(gzip.Wait(), 0) << gzip.err();
  const auto bomb = ReadImageArchive(folder.At("zeros.gz"), 1 << 16);
  ASSERT_FALSE(bomb.ok());
  EXPECT_THAT(bomb.error().message(), HasSubstr("unpacks to more than 65.5 kB"));
  std::string cut = drydock::testing::ReadFile(folder.At("zeros.gz"));
  cut.resize(cut.size() - 10);
  const auto damaged = ReadImageArchive(folder.Write("cut.gz", cut));
  ASSERT_FALSE(damaged.ok());
  EXPECT_THAT(damaged.error().message(), HasSubstr("damaged gzip"));
}

TEST(ImageArchive, SaysWhatIsWrongWithHostileOnes) {
  const std::string image = ImageJson("config", "layer");
  const std::string marker = TarFile("oci-layout", kMarker);
  const auto docker = [](const std::string& manifest, const std::string& more = "") {
    return Concat({TarFile("c.json", DockerConfig({"l"})), TarFile("l.tar", "l"), more,
                   TarFile("manifest.json", manifest), kTarEnd});
  };
  const std::string whole = OciArchive();
  const struct {
    const char* name;
    std::string bytes;
    const char* complaint;
  } rows[] = {
      {"empty", "", "no tar archive"},
      {"noise", std::string(2000, 'x'), "no tar archive"},
      {"nothing", TarFile("readme", "x") + kTarEnd, "an archive without images"},
      {"outside", TarFile("../../etc/passwd", "x") + whole, "a member outside of the archive"},
      {"outside-blob", TarFile("blobs/../../x", "x") + whole, "a member outside of the archive"},
      {"cut-header", whole.substr(0, 3 * kBlock + 100), "truncated"},
      {"cut-content", whole.substr(0, whole.size() - 3 * kBlock), "truncated"},
      {"huge-blob", marker + TarHeader("blobs/sha256/a", 077777777777), "truncated"},
      {"huge-index", marker + TarHeader("index.json", 077777777777), "truncated"},
      {"damaged",
       Concat({marker, TarFile(BlobName("layer"), "other"), TarFile("index.json", "{}"), kTarEnd}),
       "damaged: its 5 bytes are"},
      {"no-digest", Concat({marker, TarFile("blobs/sha256/xyz", "x"), kTarEnd}),
       "its name is no digest"},
      {"deep", Concat({marker, TarFile("blobs/sha256/a/b/c", "x"), kTarEnd}),
       "its name is no digest"},
      {"blob-loop",
       Concat({marker, TarHeader(BlobName("x"), 0, '1', BlobName("y")),
               TarHeader(BlobName("y"), 0, '1', BlobName("x")), kTarEnd}),
       "or it is no file"},
      {"no-index", marker + kTarEnd, "there is no index.json"},
      {"version", TarFile("oci-layout", R"({"imageLayoutVersion":"9"})") + kTarEnd,
       "imageLayoutVersion: expected 1.0.0"},
      {"absent", Concat({marker, TarFile("index.json", Index(image, "")), kTarEnd}),
       "is not there"},
      {"no-names", OciArchive(""), "its images have no names; say where they belong"},
      {"docker-text", docker("{}"), "manifest.json: expected an array"},
      {"docker-json", docker("["), "manifest.json:1"},
      {"docker-config", docker(R"([{"Config":"x.json","Layers":[]}])"), "there is no x.json"},
      {"docker-absolute", docker(R"([{"Config":"/etc/passwd","Layers":[]}])"),
       "there is no /etc/passwd"},
      {"docker-layers", docker(R"([{"Config":"c.json"}])"), "\"Layers\": expected an array"},
      {"docker-layer", docker(R"([{"Config":"c.json","Layers":["x"]}])"), "there is no layer x"},
      {"docker-link",
       docker(R"([{"Config":"c.json","Layers":["x"]}])",
              TarHeader("x", 0, '2', "../../../etc/passwd")),
       "there is no layer x"},
      {"docker-loop",
       docker(R"([{"Config":"c.json","Layers":["x"]}])",
              TarHeader("x", 0, '2', "y") + TarHeader("y", 0, '2', "x")),
       "there is no layer x"},
      {"docker-more", docker(R"([{"Config":"c.json","Layers":["l.tar","l.tar"]}])"),
       "expected one for each of the image's layers, 2"},
      {"docker-other", docker(R"([{"Config":"c.json","Layers":["m.tar"]}])", TarFile("m.tar", "m")),
       "its layer 1 is damaged"},
      {"docker-name", docker(R"([{"Config":"c.json","RepoTags":["UPPER:v1"],"Layers":["l.tar"]}])"),
       "not the name of an image: \"UPPER:v1\""},
      {"docker-nameless", docker(R"([{"Config":"c.json","RepoTags":null,"Layers":["l.tar"]}])"),
       "its images have no names"},
  };
  for (const auto& row : rows) {
    const TempFolder folder;
    const std::string path = folder.Write(row.name, row.bytes);
    const auto opened = Opened(path);
    ASSERT_FALSE(opened.ok()) << row.name;
    EXPECT_THAT(opened.error().message(), HasSubstr(row.complaint)) << row.name;
    EXPECT_THAT(opened.error().message(), HasSubstr(path)) << row.name;
  }
}

}  // namespace
}  // namespace drydock::simulator
