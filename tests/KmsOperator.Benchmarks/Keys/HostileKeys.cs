using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using KmsOperator.Api;

namespace KmsOperator.Benchmarks.Keys;

/// <summary>
/// ServiceKeys as a tenant may write them who means harm: everything here passes admission, and none of it can become Ready. They are the
/// shapes that once stopped an operator or filled its memory. Two of five are as large as an object may be.
/// </summary>
/// <remarks>
/// Of the large ones few have many small values: an API server needs seconds of CPU and 100 MB for each of them, whoever reads it. A load of nothing else would measure that server.
/// </remarks>
internal sealed class HostileKeys
{
    // An API server takes requests up to 3 MiB, and etcd up to 1.5 MiB.
    private const int LargestObject = 1_400_000;

    // An API server takes 256 KiB of annotations.
    private const int LargestAnnotation = 250_000;

    // One key of so many has many small values, in place of a long text.
    private const int FewOf = 100;

    private const string NameMark = "name-of-the-key";
    private const string ClassMark = "name-of-the-class";

    private static readonly JsonSerializerOptions AsItIs = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, MaxDepth = 1024 };

    private static readonly Action<JsonObject>[] Shapes =
    [
        OneLongText,
        OneLongText,
        ManyPrincipals,
        Deep,
        Emoji,
        LongAnnotation,
        NumberForAccount,
        OneLongText,
        OneLongText,
        AbsentClass,
    ];

    private readonly IReadOnlyList<string> _classes;
    private readonly string[] _shapes;
    private readonly string _manySmallValues;

    /// <summary>Makes a text of each shape. To make each key from nothing would take longer than to send it.</summary>
    public HostileKeys(string @namespace, IReadOnlyList<string> classes)
    {
        _classes = classes;
        _shapes = [.. Shapes.Select(shape => Make(@namespace, shape))];
        _manySmallValues = Make(@namespace, ManySmallValues);
    }

    /// <summary>The body of a key.</summary>
    public byte[] Body(int i) => Encoding.UTF8.GetBytes(
        (i % FewOf == 1 ? _manySmallValues : _shapes[i % _shapes.Length])
        .Replace(NameMark, $"hostile-{i:d5}", StringComparison.Ordinal)
        .Replace(ClassMark, _classes[i % _classes.Count], StringComparison.Ordinal));

    private static string Make(string @namespace, Action<JsonObject> shape)
    {
        var key = new JsonObject
        {
            ["apiVersion"] = $"{ApiGroup.Name}/{ApiGroup.Version}",
            ["kind"] = ServiceKey.KindName,
            ["metadata"] = new JsonObject { ["namespace"] = @namespace, ["name"] = NameMark },
            ["spec"] = new JsonObject { ["className"] = ClassMark, ["service"] = "s3", ["alias"] = $"alias/bench/{@namespace}/{NameMark}" },
        };
        shape(key);
        return key.ToJsonString(AsItIs);
    }

    private static void OneLongText(JsonObject key) => Override(key, Statement(new string('x', LargestObject)));

    private static void ManySmallValues(JsonObject key)
    {
        var list = new JsonArray();
        for (var n = 0; n < LargestObject / 3; n++)
            list.Add(new JsonObject());
        Override(key, new JsonObject { ["Sid"] = list });
    }

    private static void ManyPrincipals(JsonObject key)
    {
        var users = new JsonArray();
        for (var n = 0; n < 100; n++)
            users.Add(n.ToString(CultureInfo.InvariantCulture) + new string('r', 2000));
        key["spec"]!["access"] = new JsonObject { ["users"] = users };
    }

    private static void Deep(JsonObject key)
    {
        var inner = new JsonObject();
        for (var n = 0; n < 300; n++)
            inner = new JsonObject { ["a"] = inner };
        Override(key, inner);
    }

    private static void Emoji(JsonObject key)
    {
        key["metadata"]!["annotations"] = new JsonObject { [AnnotationNames.ReconcileAt] = "\U0001F642" };
        Override(key, Statement("\U0001F642"));
    }

    private static void LongAnnotation(JsonObject key)
    {
        key["metadata"]!["annotations"] = new JsonObject { [AnnotationNames.ReconcileAt] = new string('y', LargestAnnotation) };
        Override(key, Statement("not a statement"));
    }

    private static void NumberForAccount(JsonObject key)
    {
        var statement = Statement("kms:Decrypt");
        statement["Condition"] = new JsonObject { ["StringEquals"] = new JsonObject { ["aws:SourceAccount"] = 1402433619 } };
        Override(key, statement);
    }

    private static void AbsentClass(JsonObject key) => key["spec"]!["className"] = $"no-{NameMark}";

    private static void Override(JsonObject key, JsonNode statement) =>
        key["spec"]!["policy"] = new JsonObject { ["override"] = new JsonObject { ["Version"] = "2012-10-17", ["Statement"] = new JsonArray(statement) } };

    private static JsonObject Statement(string action) =>
        new() { ["Effect"] = "Allow", ["Principal"] = new JsonObject { ["AWS"] = "*" }, ["Action"] = action, ["Resource"] = "*" };
}
