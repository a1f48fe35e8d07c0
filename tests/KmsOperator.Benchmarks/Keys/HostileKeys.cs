using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using KmsOperator.Api;

namespace KmsOperator.Benchmarks.Keys;

/// <summary>
/// ServiceKeys as a tenant may write them who means harm: everything here passes admission, and none of it can become Ready. They are the
/// shapes that once stopped an operator or filled its memory. Two of five are as large as an object may be.
/// </summary>
internal static class HostileKeys
{
    // An API server takes requests up to 3 MiB, and etcd up to 1.5 MiB.
    private const int LargestObject = 1_400_000;

    // An API server takes 256 KiB of annotations.
    private const int LargestAnnotation = 250_000;

    private static readonly JsonSerializerOptions AsItIs = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, MaxDepth = 1024 };

    private static readonly Action<JsonObject, int>[] Shapes =
    [
        OneLongText,
        ManySmallValues,
        ManyPrincipals,
        Deep,
        Emoji,
        LongAnnotation,
        NumberForAccount,
        OneLongText,
        ManySmallValues,
        AbsentClass,
    ];

    /// <summary>Writes a file of JSON for each object into a directory.</summary>
    public static async Task WriteAsync(string directory, string @namespace, int count, IReadOnlyList<string> classes)
    {
        Directory.CreateDirectory(directory);
        for (var i = 0; i < count; i++)
            await File.WriteAllTextAsync(Path.Combine(directory, $"{i:d5}.json"), Make(@namespace, i, classes[i % classes.Count]).ToJsonString(AsItIs));
    }

    private static JsonObject Make(string @namespace, int i, string className)
    {
        var key = new JsonObject
        {
            ["apiVersion"] = $"{ApiGroup.Name}/{ApiGroup.Version}",
            ["kind"] = ServiceKey.KindName,
            ["metadata"] = new JsonObject { ["namespace"] = @namespace, ["name"] = $"hostile-{i:d5}" },
            ["spec"] = new JsonObject { ["className"] = className, ["service"] = "s3", ["alias"] = $"alias/bench/{@namespace}/{i}" },
        };
        Shapes[i % Shapes.Length](key, i);
        return key;
    }

    private static void OneLongText(JsonObject key, int i) => Override(key, Statement(new string('x', LargestObject)));

    private static void ManySmallValues(JsonObject key, int i)
    {
        var list = new JsonArray();
        for (var n = 0; n < LargestObject / 3; n++)
            list.Add(new JsonObject());
        Override(key, new JsonObject { ["Sid"] = list });
    }

    private static void ManyPrincipals(JsonObject key, int i)
    {
        var users = new JsonArray();
        for (var n = 0; n < 100; n++)
            users.Add(n.ToString(CultureInfo.InvariantCulture) + new string('r', 2000));
        key["spec"]!["access"] = new JsonObject { ["users"] = users };
    }

    private static void Deep(JsonObject key, int i)
    {
        var inner = new JsonObject();
        for (var n = 0; n < 300; n++)
            inner = new JsonObject { ["a"] = inner };
        Override(key, inner);
    }

    private static void Emoji(JsonObject key, int i)
    {
        key["metadata"]!["annotations"] = new JsonObject { [AnnotationNames.ReconcileAt] = "\U0001F642" };
        Override(key, Statement("\U0001F642"));
    }

    private static void LongAnnotation(JsonObject key, int i)
    {
        key["metadata"]!["annotations"] = new JsonObject { [AnnotationNames.ReconcileAt] = new string('y', LargestAnnotation) };
        Override(key, Statement("not a statement"));
    }

    private static void NumberForAccount(JsonObject key, int i)
    {
        var statement = Statement("kms:Decrypt");
        statement["Condition"] = new JsonObject { ["StringEquals"] = new JsonObject { ["aws:SourceAccount"] = 1402433619 } };
        Override(key, statement);
    }

    private static void AbsentClass(JsonObject key, int i) => key["spec"]!["className"] = $"no-class-{i}";

    private static void Override(JsonObject key, JsonNode statement) =>
        key["spec"]!["policy"] = new JsonObject { ["override"] = new JsonObject { ["Version"] = "2012-10-17", ["Statement"] = new JsonArray(statement) } };

    private static JsonObject Statement(string action) =>
        new() { ["Effect"] = "Allow", ["Principal"] = new JsonObject { ["AWS"] = "*" }, ["Action"] = action, ["Resource"] = "*" };
}
