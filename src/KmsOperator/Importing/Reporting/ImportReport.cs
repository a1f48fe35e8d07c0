using System.Text;
using KmsOperator.Importing.Drafting;

namespace KmsOperator.Importing.Reporting;

/// <summary>Tells a person what was imported, what the switch to <c>Full</c> does, and what is left.</summary>
/// <param name="draft">The import.</param>
/// <param name="letGo">How the other tool lets go of the keys: a title and lines; empty when no other tool has them.</param>
internal sealed class ImportReport(ImportDraft draft, (string Title, IReadOnlyList<string> Lines) letGo)
{
    private readonly KeyReport[] _keys = [.. draft.Keys.Select(KeyReport.Of)];
    private readonly Leftover[] _left = [.. draft.Left.Select(one => new Leftover(KeyReport.OneLine(one.Subject), KeyReport.OneLine(one.Message)))];

    private int Unchanged => draft.Keys.Count(key => key.Draft.Changes.Count == 0 && key.Draft.Plan.Errors.Count == 0);

    private string Summary
    {
        get
        {
            var left = _left.Length + _keys.Sum(key => key.Left.Count);
            return $"{draft.Keys.Count} {(draft.Keys.Count == 1 ? "key" : "keys")} imported under {draft.Classes.Count} {(draft.Classes.Count == 1 ? "KeyClass" : "KeyClasses")}. "
                + $"managementPolicy: Full changes nothing but owner tags on {Unchanged} of them. {(left == 0 ? "Nothing is left to do by hand." : $"{left} things are left to do by hand.")}";
        }
    }

    /// <summary>As plain text.</summary>
    public string ToText()
    {
        var text = new StringBuilder(Summary).Append('\n');
        foreach (var key in _keys)
        {
            text.Append('\n').Append(key.Resource).Append("  (").Append(key.Key).Append(")\n");
            Line("policy", key.Policy);
            Each("after Full", key.AfterSwitch);
            Each("note", key.Notes);
            Each("left", key.Left);
        }

        if (_left.Length > 0)
        {
            text.Append("\nNot imported:\n");
            foreach (var one in _left)
            {
                text.Append("  ").Append(one.Subject).Append(": ").Append(one.Message).Append('\n');
            }
        }

        if (letGo.Lines.Count > 0)
        {
            text.Append('\n').Append(letGo.Title).Append(":\n");
            foreach (var line in letGo.Lines)
            {
                text.Append("  ").Append(line).Append('\n');
            }
        }

        return text.ToString();

        void Line(string name, string value) => text.Append("  ").Append((name + ":").PadRight(12)).Append(value).Append('\n');

        void Each(string name, IReadOnlyList<string> values)
        {
            foreach (var value in values)
            {
                Line(name, value);
            }
        }
    }

    /// <summary>As Markdown.</summary>
    public string ToMarkdown()
    {
        var text = new StringBuilder("# Import\n\n").Append(Summary).Append("\n\n| resource | key | policy | `managementPolicy: Full` changes |\n|---|---|---|---|\n");
        foreach (var key in _keys)
        {
            text.Append("| ").AppendJoin(" | ", Cell(key.Resource), Code(key.Key), Cell(key.Policy), string.Join("<br>", key.AfterSwitch.Select(Cell))).Append(" |\n");
        }

        Section("Left to do by hand", [.. _keys.SelectMany(key => key.Left.Select(left => $"**{Cell(key.Resource)}**: {Cell(left)}")), .. _left.Select(one => $"{Code(one.Subject)}: {Cell(one.Message)}")]);
        Section("Notes", [.. _keys.SelectMany(key => key.Notes.Select(note => $"**{Cell(key.Resource)}**: {Cell(note)}"))]);
        if (letGo.Lines.Count > 0)
        {
            text.Append("\n## ").Append(letGo.Title).Append("\n\n```\n").AppendJoin('\n', letGo.Lines).Append("\n```\n");
        }

        return text.ToString();

        void Section(string title, string[] items)
        {
            if (items.Length > 0)
            {
                text.Append("\n## ").Append(title).Append("\n\n").AppendJoin("", items.Select(item => $"- {item}\n"));
            }
        }
    }

    private static string Cell(string value) => value.Replace("|", "\\|", StringComparison.Ordinal).Replace("<", "&lt;", StringComparison.Ordinal);

    private static string Code(string value) => $"`{value.Replace('`', '\'').Replace("|", "\\|", StringComparison.Ordinal)}`";
}
