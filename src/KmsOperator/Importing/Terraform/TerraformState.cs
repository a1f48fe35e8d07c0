using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Unicode;

namespace KmsOperator.Importing.Terraform;

/// <summary>
/// Reads the KMS resources of a Terraform state: a state file of version 4, or the output of <c>terraform show -json</c>. The bytes are read token by token; only the attributes of
/// <see cref="TerraformResource.KeptAttributes"/> are kept, and the rest is wiped from memory after that.
/// </summary>
internal static class TerraformState
{
    private const string HowToExport = "Write the state with `terraform state pull > FILE`, or with `terraform show -json > FILE`";

    private static readonly JsonReaderOptions Options = new() { MaxDepth = 512 };

    /// <summary>The KMS resources in a state.</summary>
    /// <param name="file">The file's name, for errors.</param>
    /// <param name="content">Its bytes, which are zero after the call.</param>
    /// <exception cref="TerraformStateException">It is no state that can be read.</exception>
    public static IReadOnlyList<TerraformResource> Read(string file, byte[] content)
    {
        try
        {
            RefuseWhatIsNoText(file, content);
            var json = content.AsSpan().StartsWith(Encoding.UTF8.Preamble) ? content.AsSpan(Encoding.UTF8.Preamble.Length) : content;
            return new StateReading(file).Read(json);
        }
        catch (JsonException exception)
        {
            // The reader's own message quotes what it found, and that may be a secret.
            throw new TerraformStateException(file, (int)(exception.LineNumber ?? -1) + 1, $"is not JSON from here on. {HowToExport}, and give that file unchanged");
        }
        finally
        {
            CryptographicOperations.ZeroMemory(content);
        }
    }

    private static void RefuseWhatIsNoText(string file, ReadOnlySpan<byte> content)
    {
        if (content.IsEmpty)
            throw new TerraformStateException(file, 0, $"is empty. {HowToExport}");
        if (content.StartsWith("PK"u8))
            throw new TerraformStateException(file, 0, $"is a zip archive, perhaps a plan file, and not a state. {HowToExport}");
        if (content.StartsWith((ReadOnlySpan<byte>)[0xff, 0xfe]) || content.StartsWith((ReadOnlySpan<byte>)[0xfe, 0xff]))
            throw new TerraformStateException(file, 0, "is in UTF-16, as PowerShell's > writes it. Write it in UTF-8: `terraform show -json | Out-File -Encoding utf8 FILE`");
        if (content.Contains((byte)0) || !Utf8.IsValid(content))
            throw new TerraformStateException(file, 0, $"is a binary file and not a state. {HowToExport}");
    }

    /// <summary>One reading. Objects are gone through twice where an answer may depend on what comes later in them.</summary>
    private sealed class StateReading(string file)
    {
        private readonly List<TerraformResource> _resources = [];
        private byte[] _version = [];
        private int _versionLine;
        private bool _isShown;
        private bool _isState;

        public List<TerraformResource> Read(ReadOnlySpan<byte> json)
        {
            var reader = new Utf8JsonReader(json, Options);
            reader.Read();
            if (reader.TokenType != JsonTokenType.StartObject)
                throw new TerraformStateException(file, 1, $"is not a Terraform state, which is a JSON object. {HowToExport}");
            var root = reader;
            while (NextProperty(ref reader) is { } name)
            {
                switch (name)
                {
                    case "version":
                        _version = [.. reader.ValueSpan];
                        _versionLine = LineOf(json, reader.TokenStartIndex);
                        break;
                    case "format_version":
                        _isShown = true;
                        if (reader.TokenType != JsonTokenType.String || reader.GetString() is not { } format || !(format.StartsWith("0.", StringComparison.Ordinal) || format.StartsWith("1.", StringComparison.Ordinal)))
                            throw new TerraformStateException(file, LineOf(json, reader.TokenStartIndex), "format_version: is not 0.x or 1.x, which are read. Give the state itself (`terraform state pull > FILE`)");
                        break;
                    case "planned_values":
                        throw new TerraformStateException(file, LineOf(json, reader.TokenStartIndex), $"is a plan (`terraform show -json PLANFILE`), which is not what there is. {HowToExport}");
                    case "encrypted_data":
                        throw new TerraformStateException(file, LineOf(json, reader.TokenStartIndex), "is a state that OpenTofu has encrypted. Write it with `tofu state pull > FILE`, which decrypts it");
                    case "modules" or "resources":
                        _isState = true;
                        break;
                }

                reader.Skip();
            }

            // Nothing but white space may follow; a second document would be passed over silently.
            while (reader.Read())
            {
            }

            RefuseOtherVersions();
            while (NextProperty(ref root) is { } name)
            {
                if (name == "resources" && !_isShown)
                    EachItem(ref root, StateResource);
                else if (name == "values" && _isShown)
                    ShownValues(ref root);
                else
                    root.Skip();
            }

            return _resources;
        }

        private void RefuseOtherVersions()
        {
            if (_isShown)
                return;
            if (_version.Length == 0)
                throw new TerraformStateException(file, 1, $"is not a Terraform state: it has neither a version nor a format_version. {HowToExport}");
            if (!_version.AsSpan().SequenceEqual("4"u8))
            {
                var version = int.TryParse(_version, out var number) ? number : 0;
                throw new TerraformStateException(file, _versionLine, version is > 0 and < 4
                    ? $"version: is {version}, and version 4 is read. Terraform before 0.12 wrote this; let a newer Terraform upgrade it (`terraform refresh`), or give the output of `terraform show -json`"
                    : $"version: {(version > 4 ? $"is {version}, and version 4 is read" : "is not a version of a state")}. Give the output of `terraform show -json`, whose format stays readable");
            }

            if (!_isState)
                throw new TerraformStateException(file, _versionLine, $"is not a Terraform state: it has no resources. {HowToExport}");
        }

        /// <summary>A resource of a state file: one object with all of its instances.</summary>
        private void StateResource(ref Utf8JsonReader reader)
        {
            var again = reader;
            string module = "", mode = "", type = "", name = "";
            while (NextProperty(ref reader) is { } property)
            {
                switch (property)
                {
                    case "module": module = TextOf(ref reader); break;
                    case "mode": mode = TextOf(ref reader); break;
                    case "type": type = TextOf(ref reader); break;
                    case "name": name = TextOf(ref reader); break;
                    default: reader.Skip(); break;
                }
            }

            if (mode != "managed" || !TerraformResource.KeptAttributes.ContainsKey(type))
                return;
            while (NextProperty(ref again) is { } property)
            {
                if (property == "instances")
                    EachItem(ref again, (ref Utf8JsonReader instance) => Instance(ref instance, module, type, name));
                else
                    again.Skip();
            }
        }

        private void Instance(ref Utf8JsonReader reader, string module, string type, string name)
        {
            JsonElement? index = null;
            Dictionary<string, JsonElement> attributes = [];
            var isDeposed = false;
            while (NextProperty(ref reader) is { } property)
            {
                switch (property)
                {
                    case "index_key": index = JsonElement.ParseValue(ref reader); break;
                    case "attributes": attributes = Attributes(ref reader, type); break;
                    case "deposed": isDeposed = true; reader.Skip(); break;
                    default: reader.Skip(); break;
                }
            }

            // Terraform is about to destroy what is deposed.
            if (!isDeposed)
                _resources.Add(new TerraformResource(module, type, name, index, attributes));
        }

        private void ShownValues(ref Utf8JsonReader reader)
        {
            if (reader.TokenType != JsonTokenType.StartObject)
            {
                reader.Skip();
                return;
            }

            while (NextProperty(ref reader) is { } property)
            {
                if (property == "root_module")
                    ShownModule(ref reader);
                else
                    reader.Skip();
            }
        }

        private void ShownModule(ref Utf8JsonReader reader)
        {
            if (reader.TokenType != JsonTokenType.StartObject)
            {
                reader.Skip();
                return;
            }

            var again = reader;
            var module = "";
            while (NextProperty(ref reader) is { } property)
            {
                if (property == "address")
                    module = TextOf(ref reader);
                else
                    reader.Skip();
            }

            while (NextProperty(ref again) is { } property)
            {
                switch (property)
                {
                    case "resources": EachItem(ref again, (ref Utf8JsonReader resource) => ShownResource(ref resource, module)); break;
                    case "child_modules": EachItem(ref again, ShownModule); break;
                    default: again.Skip(); break;
                }
            }
        }

        private void ShownResource(ref Utf8JsonReader reader, string module)
        {
            var again = reader;
            string mode = "", type = "", name = "";
            JsonElement? index = null;
            var isDeposed = false;
            while (NextProperty(ref reader) is { } property)
            {
                switch (property)
                {
                    case "mode": mode = TextOf(ref reader); break;
                    case "type": type = TextOf(ref reader); break;
                    case "name": name = TextOf(ref reader); break;
                    case "index": index = JsonElement.ParseValue(ref reader); break;
                    case "deposed_key": isDeposed = true; reader.Skip(); break;
                    default: reader.Skip(); break;
                }
            }

            if (mode != "managed" || isDeposed || !TerraformResource.KeptAttributes.ContainsKey(type))
                return;
            while (NextProperty(ref again) is { } property)
            {
                if (property == "values")
                    _resources.Add(new TerraformResource(module, type, name, index, Attributes(ref again, type)));
                else
                    again.Skip();
            }
        }

        private static Dictionary<string, JsonElement> Attributes(ref Utf8JsonReader reader, string type)
        {
            var kept = TerraformResource.KeptAttributes[type];
            var attributes = new Dictionary<string, JsonElement>(StringComparer.Ordinal);
            if (reader.TokenType != JsonTokenType.StartObject)
            {
                reader.Skip();
                return attributes;
            }

            while (NextProperty(ref reader) is { } name)
            {
                if (kept.Contains(name))
                    attributes[name] = JsonElement.ParseValue(ref reader);
                else
                    reader.Skip();
            }

            return attributes;
        }

        /// <summary>Moves to the value of the next property of the object that the reader stands in.</summary>
        /// <returns>The property's name; null at the end of the object.</returns>
        private static string? NextProperty(ref Utf8JsonReader reader)
        {
            reader.Read();
            if (reader.TokenType == JsonTokenType.EndObject)
                return null;
            var name = reader.GetString();
            reader.Read();
            return name;
        }

        private static string TextOf(ref Utf8JsonReader reader)
        {
            if (reader.TokenType == JsonTokenType.String)
                return reader.GetString()!;
            reader.Skip();
            return "";
        }

        private delegate void ItemReader(ref Utf8JsonReader reader);

        /// <summary>Calls for each object of a list; other items are passed over.</summary>
        private static void EachItem(ref Utf8JsonReader reader, ItemReader read)
        {
            if (reader.TokenType != JsonTokenType.StartArray)
            {
                reader.Skip();
                return;
            }

            while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
            {
                if (reader.TokenType == JsonTokenType.StartObject)
                    read(ref reader);
                else
                    reader.Skip();
            }
        }

        private static int LineOf(ReadOnlySpan<byte> json, long index) => json[..(int)index].Count((byte)'\n') + 1;
    }
}

/// <summary>A file that is no Terraform state, or one that cannot be read.</summary>
/// <param name="file">Its name.</param>
/// <param name="line">First line is 1; 0 where the file as a whole is meant.</param>
/// <param name="message">What is wrong, and what to do.</param>
internal sealed class TerraformStateException(string file, int line, string message) : Exception(message)
{
    /// <summary>Its name.</summary>
    public string File { get; } = file;

    /// <summary>First line is 1; 0 where the file as a whole is meant.</summary>
    public int Line { get; } = line;
}
