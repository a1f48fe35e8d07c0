using System.Reflection;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization.Metadata;
using System.Text.RegularExpressions;
using Amazon.KeyManagementService;
using KmsOperator.Api;
using KmsOperator.Planning;
using KmsOperator.Policies;
using Xunit;

namespace KmsOperator.UnitTests.Schema;

public sealed class CrdTests
{
    public static TheoryData<string> Kinds => [.. Crd.Kinds];

    [Theory, MemberData(nameof(Kinds))]
    public void The_types_and_the_schema_have_the_same_fields_of_the_same_types(string kind)
    {
        JsonTypeInfo type = kind switch
        {
            KeyClass.KindName => ApiJsonContext.Default.KeyClass,
            ServiceKey.KindName => ApiJsonContext.Default.ServiceKey,
            _ => ApiJsonContext.Default.KeyReplica,
        };

        Assert.Empty(TypesAgainstSchema.Differences(type, Crd.Of(kind).Schema));
    }

    [Theory]
    [InlineData(KeyClass.KindName, KeyClass.Plural, "kc", "Cluster")]
    [InlineData(ServiceKey.KindName, ServiceKey.Plural, "sk", "Namespaced")]
    [InlineData(KeyReplica.KindName, KeyReplica.Plural, "kr", "Namespaced")]
    public void The_names_are_those_of_the_API(string kind, string plural, string shortName, string scope)
    {
        var spec = Crd.Of(kind).Json["spec"]!;

        Assert.Equal($"{plural}.{ApiGroup.Name}", (string?)Crd.Of(kind).Json["metadata"]!["name"]);
        Assert.Equal(ApiGroup.Name, (string?)spec["group"]);
        Assert.Equal(scope, (string?)spec["scope"]);
        Assert.Equal((kind, $"{kind}List", plural), ((string?)spec["names"]!["kind"], (string?)spec["names"]!["listKind"], (string?)spec["names"]!["plural"]));
        Assert.Equal([shortName], Texts(spec["names"]!["shortNames"]));
        Assert.Equal(["servicekeys"], Texts(spec["names"]!["categories"]));
        Assert.Equal(ApiGroup.Version, (string?)Crd.Of(kind).Version["name"]);
        Assert.NotNull(Crd.Of(kind).Version["subresources"]!["status"]);
    }

    [Theory]
    [InlineData("KeyClass", "REGION ACCOUNT DEFAULT READY AGE", "")]
    [InlineData("ServiceKey", "SERVICE REGION ALIAS READY REASON AGE", "KEY-STATE KEY-ID ARN MESSAGE LAST-USED")]
    [InlineData("KeyReplica", "PRIMARY REGION READY REASON AGE", "KEY-STATE ALIAS ARN MESSAGE LAST-USED")]
    public void The_printer_columns_are_those_of_the_API(string kind, string always, string wide)
    {
        var columns = Crd.Of(kind).Version["additionalPrinterColumns"]!.AsArray();

        string Names(int priority) => string.Join(' ', columns.Where(column => ((long?)column!["priority"] ?? 0) == priority).Select(column => (string?)column!["name"]));
        Assert.Equal(always, Names(0));
        Assert.Equal(wide, Names(1));
    }

    [Theory, MemberData(nameof(Kinds))]
    public void The_printer_columns_show_fields_that_exist(string kind)
    {
        var crd = Crd.Of(kind);
        var known = crd.Schemas().Select(found => found.Path).ToHashSet();
        foreach (var path in crd.Version["additionalPrinterColumns"]!.AsArray().SelectMany(column => Fields((string)column!["jsonPath"]!)))
        {
            // Metadata is Kubernetes' own and has no schema here.
            if (!path.StartsWith(".metadata.", StringComparison.Ordinal)) Assert.Contains(path, known);
        }

        // .spec['a.b', 'c'] means the first of the two that is there; [?(…)] picks an item of a list.
        static IEnumerable<string> Fields(string jsonPath)
        {
            var union = Regex.Match(jsonPath, @"^(.*)\['(.*)', '(.*)'\]$");
            return union.Success
                ? [$"{union.Groups[1].Value}.{union.Groups[2].Value}", $"{union.Groups[1].Value}.{union.Groups[3].Value}"]
                : [Regex.Replace(jsonPath, @"\[\?\(.*?\)\]", "[]")];
        }
    }

    [Theory, MemberData(nameof(Kinds))]
    public void Every_field_is_described_in_a_sentence(string kind)
    {
        var fields = Crd.Of(kind).Schemas().Where(found => found.Path != ".metadata" && !found.Path.EndsWith(']') && !found.Path.EndsWith('}'));

        Assert.Empty(fields.Where(found => ((string?)found.Schema["description"])?.EndsWith('.') is not true).Select(found => found.Path));
    }

    [Theory, MemberData(nameof(Kinds))]
    public void Everything_that_can_grow_is_bounded(string kind)
    {
        var unbounded = Crd.Of(kind).Schemas().Where(found => (string?)found.Schema["type"] switch
        {
            "string" => Missing(found.Schema, "maxLength", "enum", "format") && found.Path is not (".apiVersion" or ".kind"),
            "array" => Missing(found.Schema, "maxItems") || Missing(found.Schema, "x-kubernetes-list-type"),
            "object" => Missing(found.Schema, "maxProperties", "properties", "x-kubernetes-preserve-unknown-fields") && found.Path != ".metadata",
            _ => false,
        });

        Assert.Empty(unbounded.Select(found => found.Path));

        static bool Missing(JsonNode schema, params string[] keywords) => keywords.All(keyword => schema[keyword] is null);
    }

    [Theory, MemberData(nameof(Kinds))]
    public void A_resource_that_nobody_has_seen_is_not_taken_for_ready(string kind) =>
        Assert.Equal("""{"observedGeneration":-1}""", Crd.Of(kind).Schema["properties"]!["status"]!["default"]!.ToJsonString());

    [Theory, MemberData(nameof(Kinds))]
    public void Rules_keep_to_what_Kubernetes_1_25_knows(string kind)
    {
        // messageExpression came with 1.27, reason and fieldPath with 1.28, optionalOldSelf with 1.29; older servers refuse the CRD.
        foreach (var (path, rule) in Crd.Of(kind).Rules())
            Assert.Equal((path, "message,rule"), (path, string.Join(',', rule.AsObject().Select(member => member.Key).Order())));
    }

    [Theory]
    [InlineData("ServiceKey")]
    [InlineData("KeyReplica")]
    public void Fields_that_override_the_class_or_the_primary_have_no_default(string kind)
    {
        var defaults = Crd.Of(kind).Schemas().Where(found => found.Schema["default"] is not null).Select(found => found.Path);

        string[] own = [".spec.enabled", ".spec.managementPolicy", ".spec.suspend", ".spec.takeOverAlias", ".status", .. kind == "ServiceKey" ? [".spec.keySpec", ".spec.keyUsage", ".spec.multiRegion", ".spec.recreateLostKey"] : Array.Empty<string>()];
        Assert.Equal(own.Order(), defaults.Order());
    }

    // Server-side apply makes null of an object or list that it empties: servers before 1.21 of every one that it removes, later ones of one that
    // stays in the manifest without content. A field that is not nullable and has no default is then refused.
    [Theory]
    [InlineData("KeyClass", "account allowed.aliases allowed.deletionPolicies allowed.keySpecs allowed.materialSecrets allowed.principals allowed.regions allowed.services allowed.tagKeys allowed.trustedAccounts allowed.validations allowedNamespaces.selector allowedNamespaces.selector.matchExpressions allowedNamespaces.selector.matchExpressions[].values allowedNamespaces.selector.matchLabels guards.keepKeysInUse", "an account and keepKeysInUse have a required field, a list of allowed that is emptied would allow anything, and a selector is atomic")]
    [InlineData("ServiceKey", "adopt grants[].encryptionContextEquals grants[].encryptionContextSubset grants[].operations material material.secretRef", "adopt, material and grants have required fields, and an encryption context that is emptied would allow any")]
    [InlineData("KeyReplica", "access adopt grants[].encryptionContextEquals grants[].encryptionContextSubset grants[].operations primaryRef", "no access at all means the primary's, an empty one nobody's; an emptied encryption context would allow any; the others have required fields")]
    public void What_an_apply_may_empty_is_nullable_or_has_a_default(string kind, string refused, string why)
    {
        var paths = from found in Crd.Of(kind).Schemas()
                    where found.Path.StartsWith(".spec.", StringComparison.Ordinal) && !found.Path.EndsWith(']') && !found.Path.EndsWith('}')
                    where (string?)found.Schema["type"] is "object" or "array" && found.Schema["nullable"] is null && found.Schema["default"] is null
                    select found.Path[".spec.".Length..];

        Assert.True(string.Join(' ', paths.Order()) == refused, $"{why}: {string.Join(' ', paths.Order())}");
    }

    [Fact]
    public void Fields_that_kinds_share_have_the_same_schema()
    {
        foreach (var field in new[] { "access", "grants", "tags", "policy", "publish", "alias", "description", "enabled", "suspend" })
        {
            var variants = Crd.Kinds.Select(kind => Crd.Of(kind).Schema["properties"]!["spec"]!["properties"]![field]).OfType<JsonNode>()
                .Select(schema => WithoutDescriptions(schema.DeepClone()).AsObject())
                .ToList();
            // See the test above.
            if (field == "access") variants.ForEach(schema => schema.Remove("nullable"));
            Assert.Equal(field is "access" or "tags" ? 3 : 2, variants.Count);
            Assert.Single(variants.Select(schema => schema.ToJsonString()).Distinct());
        }
    }

    [Fact]
    public void Key_specs_are_those_of_the_SDK_of_the_CRD_and_of_the_table()
    {
        var sdk = Constants(typeof(KeySpec)).Order().ToList();

        Assert.Equal(sdk, Enum("keySpec").Order());
        Assert.Equal(Enum("keySpec"), KeySpecs.All.Select(rules => rules.Name));
    }

    [Fact]
    public void Key_usages_are_those_of_the_SDK_of_the_CRD_and_of_the_table()
    {
        Assert.Equal(Constants(typeof(KeyUsageType)).Order(), Enum("keyUsage").Order());
        Assert.Equal(Enum("keyUsage"), KeySpecs.Usages);
        Assert.Equal(Enum("keyUsage").Order(), KeySpecs.All.SelectMany(rules => rules.Usages).Distinct().Order());
    }

    [Fact]
    public void Services_are_those_of_the_CRD_and_of_the_catalogue() =>
        Assert.Equal(ServiceCatalogue.Services.Keys.Order(), Enum("service").Order());

    [Fact]
    public void Every_reason_fits_the_schema_of_conditions()
    {
        var reason = Crd.Of("ServiceKey").Schemas().Single(found => found.Path == ".status.conditions[].reason").Schema;
        var reasons = typeof(Reasons).GetFields().Select(field => (field.Name, Value: (string)field.GetRawConstantValue()!)).ToList();

        Assert.NotEmpty(reasons);
        Assert.All(reasons, each => Assert.Equal(each.Name, each.Value));
        Assert.All(reasons, each => Assert.Matches((string)reason["pattern"]!, each.Value));
    }

    private static List<string> Enum(string field) => Texts(Crd.Of("ServiceKey").Schema["properties"]!["spec"]!["properties"]![field]!["enum"]);

    private static List<string> Texts(JsonNode? array) => [.. array!.AsArray().Select(item => (string)item!)];

    private static IEnumerable<string> Constants(Type type) =>
        type.GetFields(BindingFlags.Public | BindingFlags.Static).Select(field => field.GetValue(null)!.ToString()!);

    private static JsonNode WithoutDescriptions(JsonNode schema)
    {
        if (schema is JsonObject members)
        {
            if (members["description"] is JsonValue) members.Remove("description");
            foreach (var (_, member) in members.ToList().Where(member => member.Value is not null)) WithoutDescriptions(member!);
        }

        return schema;
    }
}
