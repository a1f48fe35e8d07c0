using System.Text;
using System.Text.RegularExpressions;

namespace KmsOperator.Importing.Terraform;

/// <summary>Terraform's own way to forget resources without destroying them.</summary>
/// <remarks>Source: Terraform language, "removed block reference"; Terraform 1.7 and later.</remarks>
internal static partial class RemovedBlocks
{
    /// <summary>The blocks for a configuration.</summary>
    /// <param name="imported">The resources to forget.</param>
    /// <param name="kept">Resources that are not imported. Blocks name no single instances, so one of these may be forgotten as well; the text then says so.</param>
    public static string Write(IEnumerable<ForeignSource> imported, IReadOnlyList<ForeignSource> kept)
    {
        var text = new StringBuilder();
        text.Append("# Terraform 1.7 or later forgets these resources and destroys none of them.\n");
        text.Append("# Put this file into the root module, delete the resources (or the calls of their modules) from the configuration, and apply.\n");
        foreach (var address in imported.Select(source => source.LetGo).Distinct().Where(address => Address().IsMatch(address)).Order(StringComparer.Ordinal))
        {
            text.Append('\n');
            foreach (var other in kept.Where(source => source.LetGo == address))
            {
                text.Append("# This covers ").Append(other.Label).Append(" as well, which was not imported: Terraform forgets it too.\n");
            }

            text.Append("removed {\n  from = ").Append(address).Append("\n\n  lifecycle {\n    destroy = false\n  }\n}\n");
        }

        return text.ToString();
    }

    /// <summary>Addresses of modules and resources. Nothing else gets into a configuration, whatever a state holds.</summary>
    [GeneratedRegex(@"^[\w-]+(\.[\w-]+)+\z")]
    private static partial Regex Address();
}
