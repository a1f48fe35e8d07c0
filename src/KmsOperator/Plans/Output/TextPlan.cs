using KmsOperator.Plans.Steps;
using KmsOperator.Terminal;

namespace KmsOperator.Plans.Output;

/// <summary>A plan as text, for people at a terminal.</summary>
/// <param name="colours">Colours, or none.</param>
internal sealed class TextPlan(Colours colours)
{
    /// <summary>The text, with a line break at its end.</summary>
    public string Write(PlanReport report)
    {
        using var text = new StringWriter { NewLine = "\n" };
        foreach (var resource in report.Resources.Where(PlanWords.IsWorthShowing))
        {
            Write(resource, text);
            text.WriteLine();
        }

        foreach (var note in report.Notes)
        {
            text.WriteLine($"Note: {note}");
        }

        text.WriteLine(colours.Bold(PlanWords.Summary(report)));
        return text.ToString();
    }

    private void Write(ResourcePlan resource, StringWriter text)
    {
        text.WriteLine($"{Sign(resource.Action)} {colours.Bold(resource.Name)}{(resource.Place is null ? "" : colours.Dim($"  ({resource.Place})"))}");
        if (PlanWords.KeyOf(resource) is { } key)
        {
            text.WriteLine($"    {colours.Dim(key)}");
        }

        foreach (var step in resource.Steps)
        {
            text.WriteLine($"    {step.Operation}{(step.Summary.Length == 0 ? "" : $": {step.Summary}")}");
            foreach (var change in step.Changes)
            {
                Write(change, text);
            }

            foreach (var danger in step.Dangers)
            {
                text.WriteLine($"      {colours.Red($"! {danger.Message}")}");
            }
        }

        foreach (var step in resource.WithFull)
        {
            text.WriteLine(colours.Dim($"    with managementPolicy: Full: {step.Operation}: {step.Summary}"));
        }

        foreach (var note in resource.Notes)
        {
            text.WriteLine($"    {colours.Yellow(note)}");
        }

        if (PlanWords.OutcomeOf(resource) is { } outcome)
        {
            text.WriteLine($"    {(resource.Outcome is PlannedOutcome.Refused or PlannedOutcome.Failed ? colours.Red(outcome) : colours.Yellow(outcome))}");
        }
    }

    private void Write(PlannedChange change, StringWriter text)
    {
        switch (change.Kind)
        {
            case ChangeKind.Added:
                text.WriteLine(colours.Green($"      + {change.Subject}{PlanWords.Value(change.After)}"));
                break;
            case ChangeKind.Removed:
                text.WriteLine(colours.Red($"      - {change.Subject}{PlanWords.Value(change.Before)}"));
                break;
            default:
                text.WriteLine(colours.Yellow($"      ~ {PlanWords.InOneLine(change)}"));
                foreach (var part in change.Parts)
                {
                    text.WriteLine(part.StartsWith('-') ? colours.Red($"          {part}") : colours.Green($"          {part}"));
                }

                break;
        }
    }

    private string Sign(PlannedAction action) => action switch
    {
        PlannedAction.Create => colours.Green("+"),
        PlannedAction.Delete => colours.Red("-"),
        PlannedAction.None => " ",
        _ => colours.Yellow("~"),
    };
}
