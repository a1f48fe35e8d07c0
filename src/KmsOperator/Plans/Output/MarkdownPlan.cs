using KmsOperator.Plans.Steps;

namespace KmsOperator.Plans.Output;

/// <summary>A plan as GitHub's and GitLab's Markdown, for a comment on a pull request.</summary>
internal static class MarkdownPlan
{
    // Longer differences are folded, so that a comment can be read as a whole.
    private const int LongestOpen = 12;

    // GitHub takes comments of 65,536 characters.
    private const int MaxLength = 60_000;

    /// <summary>The Markdown, with a line break at its end.</summary>
    public static string Write(PlanReport report)
    {
        using var text = new StringWriter { NewLine = "\n" };
        text.WriteLine("### Plan of KMS keys");
        text.WriteLine();
        text.WriteLine($"**{Escape(PlanWords.Summary(report))}**");
        var shown = report.Resources.Where(PlanWords.IsWorthShowing).ToArray();
        WriteDangers(shown, text);
        foreach (var (resource, index) in shown.Select((resource, index) => (resource, index)))
        {
            var section = SectionOf(resource);
            if (text.GetStringBuilder().Length + section.Length > MaxLength)
            {
                text.WriteLine();
                text.WriteLine($"{shown.Length - index} more resources are not shown: the comment would be too long. Run the plan with `-o text` to see them.");
                break;
            }

            text.Write(section);
        }

        foreach (var note in report.Notes)
        {
            text.WriteLine();
            text.WriteLine($"> {Escape(note)}");
        }

        return text.ToString();
    }

    private static void WriteDangers(ResourcePlan[] resources, StringWriter text)
    {
        var lines = resources.SelectMany(resource => resource.Dangers.Select(danger => $"- :warning: {Code(resource.Name)} {Escape(danger.Message)}"))
            .Concat(resources.Where(resource => resource.Outcome is PlannedOutcome.Refused or PlannedOutcome.Failed)
                .Select(resource => $"- :x: {Code(resource.Name)} {Escape(PlanWords.OutcomeOf(resource)!)}"))
            .ToArray();
        if (lines.Length > 0)
        {
            text.WriteLine();
            foreach (var line in lines)
            {
                text.WriteLine(line);
            }
        }
    }

    private static string SectionOf(ResourcePlan resource)
    {
        using var text = new StringWriter { NewLine = "\n" };
        string[] lines = [.. resource.Steps.SelectMany(LinesOf), .. resource.WithFull.Select(step => $"  with managementPolicy: Full: {step.Operation}: {step.Summary}"), .. resource.Notes.Select(note => $"! {OneLine(note)}")];
        text.WriteLine();
        text.WriteLine($"#### {Sign(resource.Action)} {Code(resource.Name)}");
        text.WriteLine();
        string?[] about = [resource.Place, PlanWords.KeyOf(resource), PlanWords.OutcomeOf(resource)];
        text.WriteLine(string.Join(" · ", about.OfType<string>().Select(Escape)));
        if (lines.Length == 0)
        {
            return text.ToString();
        }

        var isLong = lines.Length > LongestOpen;
        text.WriteLine();
        if (isLong)
        {
            text.WriteLine($"<details><summary>{resource.Steps.Count} calls: {string.Join(", ", resource.Steps.Select(step => step.Operation))}</summary>");
            text.WriteLine();
        }

        // A fence longer than any in the text cannot be closed by it.
        var fence = new string('`', Math.Max(3, LongestRun(lines) + 1));
        text.WriteLine($"{fence}diff");
        foreach (var line in lines)
        {
            text.WriteLine(line);
        }

        text.WriteLine(fence);
        if (isLong)
        {
            text.WriteLine();
            text.WriteLine("</details>");
        }

        return text.ToString();
    }

    /// <summary>A diff block colours lines by their first character.</summary>
    private static IEnumerable<string> LinesOf(PlanStep step)
    {
        yield return $"  {step.Operation}{(step.Summary.Length == 0 ? "" : $": {OneLine(step.Summary)}")}";
        foreach (var change in step.Changes)
        {
            switch (change.Kind)
            {
                case ChangeKind.Added:
                    yield return $"+   {change.Subject}{OneLine(PlanWords.Value(change.After))}";
                    break;
                case ChangeKind.Removed:
                    yield return $"-   {change.Subject}{OneLine(PlanWords.Value(change.Before))}";
                    break;
                case ChangeKind.Changed when change.Parts.Count > 0:
                    yield return $"!   {change.Subject}";
                    foreach (var part in change.Parts)
                    {
                        yield return $"{part[0]}     {OneLine(part[2..])}";
                    }

                    break;
                default:
                    yield return $"!   {OneLine(PlanWords.InOneLine(change))}";
                    break;
            }
        }

        foreach (var danger in step.Dangers)
        {
            yield return $"!   danger: {OneLine(danger.Message)}";
        }
    }

    private static string Sign(PlannedAction action) => action switch
    {
        PlannedAction.Create => "create",
        PlannedAction.Adopt => "adopt",
        PlannedAction.Update => "change",
        PlannedAction.Delete => "delete",
        _ => "keep",
    };

    private static string OneLine(string text) => text.ReplaceLineEndings(" ");

    private static string Code(string text) => $"`{text.Replace("`", "'", StringComparison.Ordinal)}`";

    /// <summary>Text without what Markdown and HTML take for markup, mentions included.</summary>
    private static string Escape(string text) => string.Concat(OneLine(text).Select(c => c switch
    {
        '<' => "&lt;",
        '>' => "&gt;",
        '&' => "&amp;",
        '@' => "&#64;",
        '\\' or '`' or '*' or '_' or '[' or ']' or '|' or '#' or '~' => $"\\{c}",
        _ => c.ToString(),
    }));

    private static int LongestRun(IEnumerable<string> lines)
    {
        var longest = 0;
        foreach (var line in lines)
        {
            var run = 0;
            foreach (var c in line)
            {
                run = c == '`' ? run + 1 : 0;
                longest = Math.Max(longest, run);
            }
        }

        return longest;
    }
}
