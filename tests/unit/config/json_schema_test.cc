// The patterns of the JSON Schema against the checks of the loader. tests/integration/test_schema.py has a
// validator read the whole of it.
#include "core/config/json_schema.h"

#include <doctest/doctest.h>

#include <regex>

#include "core/config/checks.h"

namespace gatewayd::config {
namespace {

struct Form {
    const char* name;
    Check check;
    std::vector<std::string> fine;
    std::vector<std::string> wrong;  // for both
};

const std::vector<Form>& forms() {
    const std::string key16(16, 'k');
    static const std::vector<Form> all{
        {"url path",
         check_url_path,
         {"/", "/ws", "/a$b/~!\"", "/" + std::string(255, 'a')},
         {"", "ws", "/a b", "/a?b", "/a#b", "/\x7f", "/ä", "/" + std::string(256, 'a')}},
        {"plugin name",
         check_plugin_name,
         {"a", "0", "acme-filter_2.x", std::string(64, 'a')},
         {"", "A", "-a", "a b", "a/b", "ä", std::string(65, 'a')}},
        {"user type",
         check_user_type,
         {"customer", "A.b-c_9", "-", std::string(64, 'a')},
         {"", "a b", "a,b", "ä", std::string(65, 'a')}},
        {"API key",
         check_api_key,
         {key16, "!#$%&'()*+,-./:;", std::string(512, 'k')},
         {"", "short", key16 + " ", key16 + "ä", std::string(513, 'k')}},
        {"IP",
         check_ip,
         {"0.0.0.0", "255.255.255.255", "::", "::1", "fe80::A", "::ffff:1.2.3.4"},
         {"", "example", "1.2.3", "1.2.3.4.5", "1.2.3.4:80", "[::1]", "1.2.3.4 "}},
        {"network",
         check_network,
         {"10.0.0.0/8", "0.0.0.0/0", "192.0.2.1", "192.0.2.1/32", "::1", "2001:db8::/32", "::/0",
          "::ffff:10.0.0.0/104"},
         {"", "proxy.example.com", "10.0.0.0/", "10.0.0.0/33", "10.0.0/8", "10.0.0.0:80", "::1/129", "[::1]",
          "10.0.0.0/8 "}},
        {"listen",
         check_listen,
         {"", "127.0.0.1:8082", "[::1]:0", "0.0.0.0:65535", "[::ffff:1.2.3.4]:1"},
         {"127.0.0.1", ":8082", "8082", "::1:8082", "localhost:8082", "127.0.0.1:", "127.0.0.1:123456"}},
        {"folder", check_folder, {"a", "/opt/plug ins"}, {""}},
        {"origin",
         what_is_wrong_with_origin,
         {"*", "https://app.example.com", "http://localhost:3000", "https://*.example.com",
          "https://[::1]:8443", "capacitor://localhost"},
         {"", "app.example.com", "https://a/", "https://a/b", "https://a?b", "https://a#b", "https://",
          "://a"}},
    };
    return all;
}

TEST_CASE("the pattern of a check takes what the check takes") {
    for (const Form& form : forms()) {
        CAPTURE(form.name);
        REQUIRE_FALSE(pattern_of(form.check).empty());
        const std::regex pattern(pattern_of(form.check), std::regex::ECMAScript);
        for (const std::string& text : form.fine) {
            CAPTURE(text);
            CHECK(form.check(text).empty());
            CHECK(std::regex_search(text, pattern));
        }
        for (const std::string& text : form.wrong) {
            CAPTURE(text);
            CHECK_FALSE(form.check(text).empty());
            CHECK_FALSE(std::regex_search(text, pattern));
        }
    }
}

TEST_CASE("every check in the table has a pattern that is tested here") {
    for (const Key& key : schema_keys()) {
        if (key.check == nullptr) continue;
        CAPTURE(key.path);
        CHECK_FALSE(pattern_of(key.check).empty());
        bool tested = false;
        for (const Form& form : forms())
            tested = tested || form.check == key.check;
        CHECK(tested);
    }
}

}  // namespace
}  // namespace gatewayd::config
