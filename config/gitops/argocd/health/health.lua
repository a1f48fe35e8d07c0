-- Health of KeyClass, ServiceKey and KeyReplica. What has not been seen in its present form is never healthy.
local hs = {}
if obj.metadata ~= nil and obj.metadata.deletionTimestamp ~= nil then
  hs.status = "Progressing"
  hs.message = "is being deleted"
end

local status = obj.status or {}
local conditions = {}
for _, condition in ipairs(status.conditions or {}) do
  conditions[condition.type] = condition
end
local ready = conditions["Ready"]

-- A condition counts for the generation that it names; one that names none counts for none.
local function current(condition)
  return condition ~= nil and condition.observedGeneration ~= nil and condition.observedGeneration == obj.metadata.generation
end

if hs.status ~= nil then
  if ready ~= nil and ready.message ~= nil then
    hs.message = ready.message
  end
  return hs
end

if obj.spec ~= nil and obj.spec.suspend == true then
  hs.status = "Suspended"
  hs.message = "spec.suspend is true"
  return hs
end

if status.observedGeneration == nil or status.observedGeneration ~= obj.metadata.generation or not current(ready) then
  hs.status = "Progressing"
  hs.message = "waits for the operator"
  return hs
end

hs.message = ready.message
if current(conditions["Stalled"]) and conditions["Stalled"].status == "True" then
  hs.status = "Degraded"
  hs.message = conditions["Stalled"].message or ready.message
elseif current(conditions["Reconciling"]) and conditions["Reconciling"].status == "True" then
  hs.status = "Progressing"
  hs.message = conditions["Reconciling"].message or ready.message
elseif ready.status == "True" then
  hs.status = "Healthy"
else
  hs.status = "Progressing"
end
return hs
