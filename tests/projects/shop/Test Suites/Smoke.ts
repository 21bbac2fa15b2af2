<?xml version="1.0" encoding="UTF-8"?>
<TestSuiteEntity>
   <name>Smoke</name>
   <testCaseLink>
      <isRun>true</isRun>
      <testCaseId>Test Cases/Login/Valid user</testCaseId>
   </testCaseLink>
</TestSuiteEntity>
