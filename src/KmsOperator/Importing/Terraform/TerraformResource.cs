using System.Text.Json;
using System.Text.RegularExpressions;

namespace KmsOperator.Importing.Terraform;

/// <summary>An instance of a KMS resource in a state, with those of its attributes that the import needs and no others.</summary>
/// <param name="Module">Address of the module, empty for the root.</param>
/// <param name="Type">For example <c>aws_kms_key</c>.</param>
/// <param name="Name">Name in the configuration.</param>
/// <param name="Index">Key of a <c>for_each</c> (text) or number of a <c>count</c>; null for a single resource.</param>
/// <param name="Attributes">Values by attribute.</param>
internal sealed partial record TerraformResource(string Module, string Type, string Name, JsonElement? Index, IReadOnlyDictionary<string, JsonElement> Attributes)
{
    /// <summary>Attributes that are kept, by type. Whatever else a state holds is passed over while reading, secrets among it.</summary>
    /// <remarks>Source: documentation of Terraform's AWS provider, resources of KMS.</remarks>
    public static IReadOnlyDictionary<string, string[]> KeptAttributes { get; } = new Dictionary<string, string[]>(StringComparer.Ordinal)
    {
        ["aws_kms_key"] =
        [
            "arn", "description", "customer_master_key_spec", "key_usage", "is_enabled", "enable_key_rotation", "rotation_period_in_days", "multi_region", "policy", "tags",
            "tags_all", "deletion_window_in_days", "custom_key_store_id",
        ],
        ["aws_kms_replica_key"] = ["arn", "primary_key_arn", "description", "key_spec", "key_usage", "enabled", "policy", "tags", "tags_all", "deletion_window_in_days"],
        ["aws_kms_alias"] = ["name", "arn", "target_key_arn", "target_key_id"],
        ["aws_kms_grant"] = ["name", "key_id", "grant_id", "grantee_principal", "retiring_principal", "operations", "constraints", "region"],
        ["aws_kms_key_policy"] = ["key_id", "policy", "region"],
        ["aws_kms_external_key"] = ["arn"],
        ["aws_kms_replica_external_key"] = ["arn"],
    };

    /// <summary>The address of this instance, as Terraform writes it.</summary>
    public string Address => $"{ModulePrefix}{Type}.{Name}{IndexText}";

    /// <summary>The address of the resource in the configuration, without the keys of instances.</summary>
    /// <remarks>Source: Terraform language, "removed block reference": <c>from</c> takes no instance keys.</remarks>
    public string ConfigurationAddress => $"{InstanceKey().Replace(ModulePrefix, "")}{Type}.{Name}";

    /// <summary>From what a resource is named: the address without the words that all of them have.</summary>
    public string NameHint => $"{ModulePrefix.Replace("module.", "", StringComparison.Ordinal)}{(Name == "this" && Module.Length > 0 ? "" : Name)}{IndexText}";

    /// <summary>The object for the report and for letting go.</summary>
    public ForeignSource Source => new(Address, ConfigurationAddress);

    private string ModulePrefix => Module.Length == 0 ? "" : Module + ".";

    private string IndexText => Index switch
    {
        // As JSON writes it, with its escapes: the text goes into comments and reports.
        { ValueKind: JsonValueKind.String } key => $"[{key.GetRawText()}]",
        { ValueKind: JsonValueKind.Number } number => $"[{number.GetRawText()}]",
        _ => "",
    };

    /// <summary>An attribute that is a text and not empty.</summary>
    public string? Text(string attribute) =>
        Attributes.TryGetValue(attribute, out var value) && value.ValueKind == JsonValueKind.String && value.GetString() is { Length: > 0 } text ? text : null;

    /// <summary>An attribute that is true or false.</summary>
    public bool? Flag(string attribute) =>
        Attributes.TryGetValue(attribute, out var value) && value.ValueKind is JsonValueKind.True or JsonValueKind.False ? value.GetBoolean() : null;

    /// <summary>An attribute that is a whole number.</summary>
    public int? Number(string attribute) =>
        Attributes.TryGetValue(attribute, out var value) && value.ValueKind == JsonValueKind.Number && value.TryGetInt32(out var number) ? number : null;

    /// <summary>An attribute that is a list or a set of texts.</summary>
    public IReadOnlyList<string> Texts(string attribute) => Items(attribute).Where(item => item.ValueKind == JsonValueKind.String).Select(item => item.GetString()!).ToArray();

    /// <summary>The items of a list or set; none where it is something else.</summary>
    public IEnumerable<JsonElement> Items(string attribute) =>
        Attributes.TryGetValue(attribute, out var value) && value.ValueKind == JsonValueKind.Array ? value.EnumerateArray() : [];

    /// <summary>An attribute that is a map of texts.</summary>
    public Dictionary<string, string>? Map(string attribute) =>
        Attributes.TryGetValue(attribute, out var value) && value.ValueKind == JsonValueKind.Object
            ? value.EnumerateObject().Where(entry => entry.Value.ValueKind == JsonValueKind.String).ToDictionary(entry => entry.Name, entry => entry.Value.GetString()!)
            : null;

    [GeneratedRegex("""\[(?:"(?:[^"\\]|\\.)*"|[0-9]+)\]""")]
    private static partial Regex InstanceKey();
}
